import { expect, test } from 'vitest';
import { pipelineName } from '../../src/camera/pipeline-name.js';

test.each([
  [
    'rtspsrc location=rtsp://ada:s3cret@10.0.0.7/live ! decodebin',
    'rtspsrc location=rtsp://…@10.0.0.7/live ! decodebin',
  ],
  ['rtspsrc location="rtsp://ada:p@ss@cam/live" ! appsink', 'rtspsrc location="rtsp://…@cam/live" ! appsink'],
  ['rtspsrc user-id=ada user-pw=s3cret location=rtsp://cam', 'rtspsrc user-id=ada user-pw=… location=rtsp://cam'],
  ['souphttpsrc user-pw="two words" ! x', 'souphttpsrc user-pw=… ! x'],
  [
    'v4l2src device=/dev/video0 ! video/x-raw,width=640 ! appsink',
    'v4l2src device=/dev/video0 ! video/x-raw,width=640 ! appsink',
  ],
])('messages never contain the password of a pipeline: %s', (pipeline, name) => {
  expect(pipelineName(pipeline)).toBe(name);
});

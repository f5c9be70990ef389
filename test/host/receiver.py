"""A stand-in for systemd's end of NOTIFY_SOCKET: prints each datagram as one line of JSON."""
import json, socket, sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print(json.dumps("listening"), flush=True)
while True:
    # File descriptors that come along (the barrier of sd_notify) are closed by not being asked for.
    print(json.dumps(receiver.recv(65536).decode()), flush=True)

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { explain } from '../kit/errors.js';

/** What the server answers. */
export interface Pages {
  /** The metrics, and the type of their text. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
  /** Whether the gate is online. */
  healthy(): boolean;
}

/** Prometheus comes with one connection; a second one, a person and a probe find room. */
const CONNECTIONS_MAX = 8;
const HEADER_BYTES_MAX = 8 * 1024;
const REQUEST_MS = 5_000;
const PLAIN = 'text/plain; charset=utf-8';

/** A server for two pages that only reads: whoever keeps it waiting, floods it or sends it rubbish loses the connection. */
export function createMetricsServer(pages: Pages, onError: (why: string) => void): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: REQUEST_MS,
      connectionsCheckingInterval: REQUEST_MS,
    },
    (request, response) => {
      // What comes with the request is thrown away.
      request.resume();
      void answer(pages, request, response).catch((thrown: unknown) => {
        onError(explain(thrown));
        send(response, 500, 'the metrics could not be made\n');
      });
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  // A connection that is taken and then says nothing at all.
  server.setTimeout(REQUEST_MS * 2);
  return server;
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?')[0];
  if (path !== '/metrics' && path !== '/healthz') return send(response, 404, 'there are /metrics and /healthz\n');
  if (request.method !== 'GET') {
    response.setHeader('allow', 'GET');
    return send(response, 405, 'GET only\n');
  }
  if (path === '/healthz') {
    const healthy = pages.healthy();
    return send(response, healthy ? 200 : 503, healthy ? 'online\n' : 'degraded\n');
  }
  const { type, text } = await pages.metrics();
  send(response, 200, text, type);
}

function send(response: ServerResponse, status: number, text: string, type = PLAIN): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}

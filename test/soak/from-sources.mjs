import { createServer } from 'vite';

/** What the TypeScript files give out, by their paths from the root of the project, without a build. */
export async function fromSources(...files) {
  const server = await createServer({
    configFile: false,
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, watch: null, ws: false },
  });
  try {
    const modules = [];
    for (const file of files) modules.push(await server.ssrLoadModule(file));
    return modules;
  } finally {
    await server.close();
  }
}

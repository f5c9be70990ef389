import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { systemClock } from '../../../src/kit/system-clock.js';
import { type EmbeddedBroker, startBroker } from '../../../src/site/link/embedded-broker.js';
import type { Link } from '../../../src/site/link/link.js';
import { MqttLink } from '../../../src/site/link/mqtt-link.js';
import { type LinkRig, linkContract } from '../../contract/link.contract.js';
import { MemoryBroker, type MemoryLink } from '../../support/memory-link.js';
import { freePort, startMosquitto } from '../mosquitto.js';
import { type TcpProxy, tcpProxy } from './tcp-proxy.js';

linkContract('the simulated link', {
  protocol5: true,
  async make() {
    const broker = new MemoryBroker(new ManualClock());
    return {
      link: (_name, will) => broker.link(will),
      cut: (link) => (link as MemoryLink).lose('cut'),
      stopBroker: async () => broker.kill(),
      startBroker: async () => broker.restart(),
      close: async () => undefined,
    };
  },
});

/** MqttLinks, each through a proxy of its own that can cut the connection. */
async function mqttRig(
  port: number,
  protocol: 'auto' | 4 | 5,
  broker: { stop(): Promise<void>; start(): Promise<void>; close(): Promise<void> },
): Promise<LinkRig> {
  const proxies = await Promise.all(Array.from({ length: 4 }, () => tcpProxy(port)));
  const free = [...proxies];
  const links = new Map<Link, TcpProxy>();
  return {
    link(name, will) {
      const proxy = free.pop();
      if (!proxy) throw new Error('the rig has four proxies');
      const link = new MqttLink({
        config: { url: `mqtt://127.0.0.1:${proxy.port}`, protocol, keepaliveSeconds: 5, clientId: name },
        names: { site: 'site', gate: 'gate' },
        clock: systemClock,
        log: silentLog,
        random: () => 1,
        ...(will ? { will } : {}),
      });
      links.set(link, proxy);
      return link;
    },
    cut: (link) => links.get(link)?.cut(),
    stopBroker: broker.stop,
    startBroker: broker.start,
    async close() {
      await Promise.all([...links.keys()].map((link) => link.end()));
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await broker.close();
    },
  };
}

for (const protocol of [5, 4] as const) {
  linkContract(`MQTT ${protocol === 5 ? '5' : '3.1.1'} at a real Mosquitto`, {
    protocol5: protocol === 5,
    async make() {
      const mosquitto = await startMosquitto();
      let running = true;
      return mqttRig(mosquitto.port, protocol, {
        async stop() {
          running = false;
          await mosquitto.kill();
        },
        async start() {
          if (!running) await mosquitto.restart();
          running = true;
        },
        close: mosquitto.stop,
      });
    },
  });
}

linkContract('MQTT at the embedded broker, which speaks 3.1.1 only', {
  protocol5: false,
  async make() {
    const port = await freePort();
    let broker: EmbeddedBroker | undefined = await startBroker({ port });
    const stop = async () => {
      await broker?.close();
      broker = undefined;
    };
    return mqttRig(port, 'auto', {
      stop,
      async start() {
        broker ??= await startBroker({ port });
      },
      close: stop,
    });
  },
});

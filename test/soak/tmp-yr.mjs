import { fromSources } from './from-sources.mjs';
const [{ runYear }, {jumpsOf}] = await fromSources('/test/schedule/running-year.ts','/test/schedule/wrong-clocks.ts');
const [zone, from, days, needs] = process.argv.slice(2);
const t = Date.now();
const fromMs = Date.parse(from);
const r = await runYear({ zone, fromMs, toMs: fromMs + days*86400000, folder: '/dev/shm', jumps: jumpsOf(2026).filter(j=>j.atMs>fromMs), needs: needs ?? 'synchronised' });
console.log(JSON.stringify(r,null,1), Date.now()-t);
process.exit(0);

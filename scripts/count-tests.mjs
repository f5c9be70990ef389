// node count-tests.mjs REPORT CHECK TESTS: prints the sum of vitest's JSON report and of the exit codes of `npm run check` and of
// vitest, and exits 1 unless everything passed. A file that did not load and a run that broke off count as one failed each.
import { readFileSync } from 'node:fs';

const [file = '', check = '0', tests = '0'] = process.argv.slice(2);

function readReport() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`no test report: ${error.message}`);
    return { testResults: [] };
  }
}

const suites = readReport().testResults;
const count = (...states) =>
  suites.flatMap((suite) => suite.assertionResults).filter((test) => states.includes(test.status)).length;
const broken = suites.filter(
  (suite) => suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed'),
).length;

const passed = count('passed');
const skipped = count('skipped', 'pending', 'todo', 'disabled');
let failed = count('failed') + broken;
// Nothing failed by name, yet vitest was not content: an unhandled error, no tests at all, a crash.
if (failed === 0 && (tests !== '0' || passed + skipped === 0)) failed = 1;
if (check !== '0') failed += 1;

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);

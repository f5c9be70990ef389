// node scripts/asyncapi.mjs: prints docs/asyncapi.yaml from the topics and schemas of src/site; exits 1 where that would be no AsyncAPI 3.
// Needs dist/ (npm run build).
import { stringify } from 'yaml';
import { VERSION } from '../dist/kit/version.js';
import { asyncapiDocument } from '../dist/site/contract/asyncapi.js';
import { asyncapiFaults } from '../dist/site/contract/asyncapi-shape.js';

const document = asyncapiDocument(VERSION);
const faults = asyncapiFaults(document);
for (const fault of faults) console.error(`asyncapi: ${fault}`);
const head = '# Made by: node scripts/asyncapi.mjs > docs/asyncapi.yaml\n';
process.stdout.write(`${head}${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`);
process.exitCode = faults.length === 0 ? 0 : 1;

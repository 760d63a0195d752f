// Says where the third-party data of the tests comes from, and whether it is here.
//
//   node tools/vectors.mjs
//
// Quotes, collateral, reports, certificates and ledgers that others published show that we read what they write. The repository
// does not hold them: each has its own licence. Tests look for them in the folder that ENCLOS_VECTORS names; without it they
// are skipped, and counted. If you have no such folder you can make one: CONTRIBUTING.md has its layout.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { filesUnder, root } from './lib/workspace.mjs';

/** Repository at GitHub, commit, licence of what is taken from it. */
const sources = [
  ['automata-network/automata-dcap-attestation', '2df31aa53a8d27aa9793b7134c1d58c88044f76f', 'MIT'],
  ['automata-network/automata-on-chain-pccs', '5241b64827aacdab79a604965b008fc0a2bb91be', 'MIT'],
  ['automata-network/dcap-rs', 'd847b8f75a493640c4881bdf67775250b6baefab', 'Apache-2.0'],
  ['Azure-Samples/microsoft-azure-attestation', 'aa9fbb2d8869c020c633f3895f43525aaf60bf59', 'MIT'],
  ['Azure/azure-sdk-for-cpp', '8874c67b42f51814a50d89c9e2c22e2f29595cd2', 'MIT'],
  ['CCC-Attestation/interoperable-ra-tls', 'ce44a86e2f8c79ea0e5b25a8d70b25fc533d57db', 'Apache-2.0'],
  ['cjen1-msft/CCF', 'f157da852e237a3fa4191f8331f91dfde8bb83d8', 'Apache-2.0'],
  ['confidential-containers/trustee', '78962cd416dcc8a32f9377e0066a28fe21420f69', 'Apache-2.0'],
  ['deislabs/mystikos', '8a0487935abfdbb0662d755944e85200d7563763', 'MIT'],
  ['Dstack-TEE/dstack', '312dc605ebaaf93372534ffb135ea011533d28e9', 'Apache-2.0 (these fixtures CC0-1.0)'],
  ['fortanix/rust-sgx', 'be93e7abe92eff4b5610e15fe21b16196ace1e6e', 'MPL-2.0'],
  ['google/go-sev-guest', 'af1c107a648f47253da23a9de7a7c82ec073cfdb', 'Apache-2.0'],
  ['google/go-tdx-guest', '91f9a52f36c7a6ce140d5f13a2fb4ca03b61349c', 'Apache-2.0'],
  ['intel/confidential-computing.tee.dcap.qvl', 'd12717e3f1f2ab81313f88001fd902b5ef5f9c8c', 'BSD-3-Clause'],
  ['intel/MigTD', '9a1fb188dfea42ff3018f32f186f7755f75a93aa', 'BSD-2-Clause-Patent'],
  ['lunal-dev/attestation-rs', 'e0ea7e92456651e19f10e1721520f473d9aa5203', 'MIT'],
  ['matter-labs/teepot', 'f91ff6c1c9af2f6c102a2e9d40a781422c12afe6', 'Apache-2.0 or MIT'],
  ['microsoft/confidential-sidecar-containers', 'fa8df58aa0904504b6f7ae32497511083d95a3ac', 'MIT'],
  ['microsoft/TEE-Attestation-Verification', '220ffb3b65bb2ef3a0c303c4efb779733c5ef682', 'MIT'],
  ['MicrosoftDocs/azure-security-docs', '1c4310bed2b90b37d9500bd26dc00a314becfa9f', 'CC BY 4.0'],
  ['mobilecoinfoundation/attestation', 'a743e5c0b26b7bebd81810455e0f919c85dae872', 'Apache-2.0'],
  ['near/mpc', 'b0b6b7167e89c015ad59bfb4b0bbc78fcc8432cc', 'MIT'],
  ['oasisprotocol/oasis-core', 'f9f1fdc606d6df895899ccd3a3ac07fe6f0f4a2b', 'Apache-2.0'],
  ['openenclave/openenclave', '9497d36ce9e184d94daaf19b6b61b31bc46d6ab3', 'MIT'],
  ['Phala-Network/dcap-qvl', '9bffe30b4da53acc05f2e3a36fafc0f6418973b8', 'MIT'],
  ['project-oak/oak', '578b95116bac0dec45b852788c98d1fe19c168bd', 'Apache-2.0'],
];

const folder = process.env.ENCLOS_VECTORS ?? join(root, '../shared/vectors');
const isHere = existsSync(join(folder, 'MANIFEST.md'));

for (const [repository, commit, licence] of sources) {
  console.log(`https://github.com/${repository}/tree/${commit}  ${licence}`);
}
console.log();
if (isHere) console.log(`Here: ${filesUnder(resolve(folder), () => true).length} files in ${resolve(folder)}.`);
else console.log('Not here: tests that need them are skipped. Name their folder in ENCLOS_VECTORS.');

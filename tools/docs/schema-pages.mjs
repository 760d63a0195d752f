// docs/reference/enclave-json.md and deploy-json.md are written from the published JSON Schemas, which the
// readers of those files give out.
import { join } from 'node:path';
import { readJson } from '../lib/workspace.mjs';
import { checkGenerated } from './generated.mjs';

const enclavePage = {
  path: 'docs/reference/enclave-json.md',
  schemaPath: 'packages/delivery/builder/schema/enclave.schema.json',
  title: 'enclave.json',
  introduction: `\`enclave.json\`, in the folder of a project, says what its enclave is. All of it is measured, as part of the image. Where and
how the enclave runs is configured elsewhere. An unknown key is an error. Name the schema in \`$schema\`, and an editor completes
and checks the file:

\`\`\`json
{
  "$schema": "./node_modules/@enclos/build/schema/enclave.schema.json",
  "name": "vault",
  "productId": 1,
  "securityVersion": 1
}
\`\`\``,
  after: `
## Transport

\`transport\` of an entry in \`listen\` or \`connect\` says how bytes get between its connections and the enclave. TLS ends inside either
way, and the host can see the same ciphertext. What differs is the work of the host, and what the enclave's process holds.

| value | what happens | where | for |
|---|---|---|---|
| \`relayed\`, the default | The host holds the connection, and sends its bytes through the call gate. The enclave's process has no socket. | everywhere | enclaves whose process is to hold no socket, and connections of little traffic |
| \`passed\` | The host accepts or connects, and hands the connected socket to the enclave. Nothing is relayed: a server inside costs about what it costs outside. | software SGX with the \`seccomp\` layer; on every other platform the enclave is refused before it starts, with [\`STREAM_TRANSPORT_UNAVAILABLE\`](errors/stream.md#stream_transport_unavailable) | servers with much traffic |
| \`either\` | The platform decides once, when it starts the enclave, for all such entries: passed where it can, relayed elsewhere. | everywhere | enclaves that run on several platforms |

- **It is measured.** Another transport is another MRENCLAVE. Where all entries are \`relayed\`, MRENCLAVE is the same as without the key.
- **A relying party** that accepts the MRENCLAVE of an enclave with \`either\` accepts both ways, because no evidence says which one
  runs. With \`passed\` or \`relayed\`, MRENCLAVE pins one. [SECURITY.md](../../SECURITY.md) says what differs for an enclave.
- **Two images of one source.** \`enclos build --relayed\` builds an enclave as if every entry said \`relayed\`, for platforms that cannot
  pass sockets. Its image has its own MRENCLAVE, so relying parties list both.
- **Unix sockets cannot be passed.** When a host program has such an entry at the path of one (\`listen: { NAME: { path } }\`, or
  \`connect\`), nothing is passed to that enclave: one with \`passed\` is refused, one with \`either\` alone is relayed.
- \`enclos inspect\` shows the transport of each entry: \`echo  8443  passed\`.
`,
};

const deployPage = {
  path: 'docs/reference/deploy-json.md',
  schemaPath: 'packages/delivery/kubernetes/schema/deploy.schema.json',
  title: 'deploy.json',
  introduction: `\`deploy.json\` says how an image runs, for \`enclos deploy\`. None of it is measured or trusted: changing it
does not change the enclave. In a folder that has none, \`enclos deploy\` makes one from \`enclave.json\` or from the image, and says
what it chose; it never changes one that is there. An unknown key is an error. Name the schema in \`$schema\`, and an editor
completes and checks the file:

\`\`\`json
{
  "$schema": "./node_modules/@enclos/kubernetes/schema/deploy.schema.json",
  "name": "vault",
  "profile": "aks-sgx",
  "resources": { "sgx.intel.com/epc": "64Mi", "memory": "256Mi" },
  "listen": [{ "name": "https", "port": 8443 }]
}
\`\`\`

The profiles:

| profile | where | device | quotes |
|---|---|---|---|
| \`software\` | any cluster with the node agent of Enclos | \`enclos.dev/software-sgx\` | the software platform of the node |
| \`sgx\` | nodes with Intel's SGX device plugin | \`sgx.intel.com/epc\`, \`sgx.intel.com/enclave\` | aesmd of the node, or in process |
| \`aks-sgx\` | AKS with the confcom add-on | \`sgx.intel.com/epc\` | the quote helper of the add-on, or in process |
| \`aks-snp\` | confidential VM nodes of AKS: the boundary is the node | \`enclos.dev/software-sgx\` | the software platform of the node |
| \`podman\` | this machine, with \`podman kube play\`: no Services, no network policies, no probes | the folder \`/run/enclos\` | the software platform of the machine, \`enclos platform serve --separated --host-user 65532\` |

On \`sgx\` and \`aks-sgx\` the host relays all connections. So an enclave that wants them passed is refused there, and needs its relayed
image: see [Transport](enclave-json.md#transport).

EPC may have any of its spellings, \`sgx.intel.com/epc\` in bytes, or \`kubernetes.azure.com/sgx_epc_mem_in_MiB\` and
\`sgx.intel.com/sgx_epc_mem_in_MiB\` in MiB; the manifests have the first one. [Deploy to AKS](../how-to/deploy-to-aks.md) shows
the file in use.`,
};

const headOf = ({ title, schemaPath, introduction }) => `# ${title}

<!-- Written by \`node tools/docs.mjs --write\` from ${schemaPath}. Do not edit by hand. -->

${introduction}

| key | type | meaning |
|---|---|---|
`;

function typeOf(schema) {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.type === 'integer') return rangeOf(schema);
  if (isMap(schema)) return `map of ${typeOf(schema.additionalProperties)}`;
  if (schema.type === 'array') return `list${schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`}`;
  return schema.type;
}

function rangeOf({ minimum, maximum }) {
  return minimum === undefined || maximum === undefined ? 'integer' : `integer, ${minimum} to ${maximum}`;
}

const isMap = ({ additionalProperties }) => additionalProperties !== undefined && additionalProperties !== false;

/** What has keys of its own: an object, what a list holds, or the one of several types that is an object. */
function innerOf(schema) {
  if (schema.type === 'array') return schema.items;
  return schema.anyOf?.find(({ properties }) => properties !== undefined) ?? schema;
}

/** One row for each key, the keys of objects and of the objects in lists below their own. */
function rowsOf(properties, required, prefix) {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = `${prefix}${key}`;
    const inner = innerOf(schema);
    const words = [schema.description, required.includes(key) ? '**Required.**' : undefined];
    const row = `| \`${name}\` | ${typeOf(schema)} | ${words.filter((part) => part !== undefined).join(' ')} |`;
    if (inner.properties === undefined) return [row];
    const below = schema.type === 'array' ? `${name}[].` : `${name}.`;
    return [row, ...rowsOf(inner.properties, inner.required ?? [], below)];
  });
}

/** Writes the pages, or compares them; returns problems, one line each. */
export function checkSchemaPages(base, { write }) {
  const pages = [enclavePage, deployPage].map((page) => {
    const { properties, required = [] } = readJson(join(base, page.schemaPath));
    return [page.path, `${headOf(page)}${rowsOf(properties, required, '').join('\n')}\n${page.after ?? ''}`];
  });
  return checkGenerated(base, pages, { write, source: 'the schema says' });
}

export {
  attest,
  createOwner,
  createReader,
  read,
  replace,
  upload,
  type Attested,
  type ClientKey,
  type SecretUpload,
  type VaultTrust,
} from './client.ts';
export { encryptMessage, type Encrypted } from './encryption.ts';
export { loadVault, type VaultEnclave, type VaultHostOptions } from './host.ts';
export { VaultResponseError } from './http.ts';
export { vaultProjectFolder } from './project-folder.ts';
export { serveVault, type VaultServer } from './server.ts';
export { createStory, StoryError, tellStory, type Story, type StoryOutput } from './story.ts';
export { releasedSecret } from './vault.edl.ts';

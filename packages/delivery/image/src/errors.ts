import { declareErrors } from '@enclos/errors';

export const ociErrors = declareErrors({
  OCI_DOCUMENT_INVALID: [
    'evidence',
    'A document of a container image (index, manifest or configuration) is not well-formed.',
    'Do not use the image; details.what names the document. Build or pull it again.',
  ],
  OCI_LAYOUT_INVALID: [
    'usage',
    'The path does not hold a container image in a supported form.',
    'Give an OCI layout (a folder with oci-layout and index.json), or an archive of one.',
  ],
  OCI_LAYER_INVALID: [
    'evidence',
    'A layer is not a tar archive that every reader understands in the same way.',
    'Do not use the image; details.entry names the place. Build the layer anew with tar, and compress it with gzip, with zstd or not at all.',
  ],
  OCI_COMPRESSION_UNSUPPORTED: [
    'usage',
    'A layer is compressed with zstd, which this Node cannot decompress.',
    'Use Node 22.15 or later, or compress the layers with gzip: `skopeo copy --dest-compress-format gzip SOURCE TARGET`.',
  ],
  OCI_DIGEST_MISMATCH: [
    'evidence',
    'The content does not have the digest or the size that was asked for.',
    'Do not use it: it is damaged or was replaced. Get it again, from another place if the error persists.',
  ],
  OCI_TOO_LARGE: [
    'refused',
    'A part of the container image is larger than its limit.',
    'details.what and details.maxBytes name the part and the limit. Split the layer, or use a smaller base.',
  ],
  OCI_IMAGE_REFUSED: [
    'evidence',
    'The container image does not hold the enclave that it says it holds.',
    'Do not run it. The message says what differs; build the image again from the signed enclave.',
  ],
  OCI_IMAGE_UNEXPECTED: [
    'policy',
    'The container image is sound, but it is not the one that was asked for.',
    'Compare details.got with details.expected, and correct the deployment or what you expect.',
  ],
  OCI_BASE_UNUSABLE: [
    'usage',
    'The base cannot carry an enclave application.',
    'Take another base: Linux, of the architecture of this machine, with what the message names.',
  ],
  OCI_BASE_TOOL_MISSING: [
    'usage',
    'A program that makes this base is not installed.',
    'Install it (apt-get install mmdebstrap), or use --base node, which needs none.',
  ],
  OCI_LIBRARY_MISSING: [
    'usage',
    'A library that the interpreter needs was not found.',
    'Install it (Debian: libstdc++6, libgcc-s1), or name its folder with --libraries.',
  ],
  OCI_REFERENCE_INVALID: [
    'usage',
    'The text is not a reference to an image in a registry.',
    'Write HOST[:PORT]/NAME:TAG or HOST[:PORT]/NAME@sha256:HEX, with the host.',
  ],
  OCI_REGISTRY_UNREACHABLE: [
    'transient',
    'The registry could not be reached, or did not answer in time.',
    'Check the address, the network and the TLS certificate of the registry, and try again.',
  ],
  OCI_REGISTRY_FAILED: [
    'transient',
    'The registry is busy or failed.',
    'Try again later. details.status is what it answered.',
  ],
  OCI_REGISTRY_REFUSED: [
    'refused',
    'The registry refused the request.',
    'Check name and rights. Credentials come from ENCLOS_REGISTRY_USER and ENCLOS_REGISTRY_PASSWORD, or a token from ENCLOS_REGISTRY_TOKEN.',
  ],
  OCI_NOT_FOUND: [
    'refused',
    'The registry does not have what was asked for.',
    'Check the reference. What was never pushed, or was removed, is not there.',
  ],
  OCI_REGISTRY_ANSWER_INVALID: [
    'evidence',
    'What the registry sent breaks the distribution protocol.',
    'Check that the address is that of a registry, and that no proxy is in between.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof ociErrors, true> {}
}

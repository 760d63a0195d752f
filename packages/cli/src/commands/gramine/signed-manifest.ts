import { join } from 'node:path';
import { exists, readSmallFile, readSmallText } from '@enclos/cli-frame/files';
import { equalBytes, fromHex, toHex } from '@enclos/codec';
import { mrSignerOf, verifySigstruct } from '@enclos/sgx';
import { sha256 } from '@enclos/sgx/node';
import type { PlatformValues } from './reference-values.ts';
import { maxSignatureBytes, mismatch, requireAbout, type SignedImage } from '../../images/signed-image.ts';

/** A manifest of 4096 long paths has less. */
const maxManifestBytes = 64 * 1024 * 1024;

export interface ManifestToSign {
  /** Where NAME.manifest is, or will be, and what `gramine-sgx-sign` makes of it. */
  readonly folder: string;
  readonly name: string;
  /** The text of NAME.manifest. */
  readonly manifest: string;
  readonly image: SignedImage;
}

/**
 * The identity of the enclave on Gramine, as `gramine-sgx-sign` signed it into NAME.sig. Undefined before that.
 *
 * MRENCLAVE is taken from the signature and not computed: it covers Gramine's loader and the layout of the installed build,
 * and its tool alone has these. So whether NAME.sig is of this manifest cannot be calculated either. What can be seen is
 * held to it: NAME.manifest was already this text, NAME.manifest.sgx says the same in its own form, mode, product and
 * security version are those of the image. EINIT enforces the rest.
 *
 * @throws CLI_SIGNATURE_MISMATCH, SIGSTRUCT_INVALID, SIGSTRUCT_SIGNATURE, CLI_FILE_INVALID, CLI_FILE_UNREADABLE
 */
export async function readSignedManifest(request: ManifestToSign): Promise<PlatformValues | undefined> {
  const { folder, name, manifest, image } = request;
  const path = (extension: string): string => join(folder, `${name}.${extension}`);
  const signaturePath = path('sig');
  if (!(await exists(signaturePath))) return undefined;
  if ((await textIfThere(path('manifest'))) !== manifest) {
    throw mismatch(signaturePath, 'It was made from another manifest than the one that these settings give.');
  }
  const signed = await textIfThere(path('manifest.sgx'));
  if (signed === undefined) throw mismatch(signaturePath, `${path('manifest.sgx')}, which it would sign, is missing.`);
  if (!isMadeOf(signed, manifest)) {
    throw mismatch(path('manifest.sgx'), `It does not say what ${path('manifest')} says.`);
  }
  const sigstruct = verifySigstruct(await readSmallFile(signaturePath, maxSignatureBytes), sha256);
  requireAbout(signaturePath, sigstruct, image.manifest);
  if (equalBytes(sigstruct.enclaveHash, fromHex(image.identity.mrEnclave))) {
    throw mismatch(signaturePath, 'It signs the image for the software platform, not the Gramine manifest.');
  }
  return Object.freeze({
    mrEnclave: toHex(sigstruct.enclaveHash),
    mrSigner: toHex(mrSignerOf(sigstruct.modulus, sha256)),
  });
}

async function textIfThere(path: string): Promise<string | undefined> {
  return (await exists(path)) ? readSmallText(path, maxManifestBytes) : undefined;
}

/** Options by which Gramine lets the host choose what is opened, run or believed, and kinds of files without a hash. */
const loosening =
  /^"?(?:insecure__\w+|allowed_files|allow_all_but_log|passthrough|\w+_src_file|encrypted|untrusted_shm)"?$/;
const digest = /^"[0-9a-f]{64}"$/;

/**
 * Whether `gramine-sgx-sign` can have made one of the other. It parses a manifest and writes it again in another form, with
 * the defaults of its version; so all that ours says must be there, and nothing that names one more file or loosens a rule.
 * This finds mistakes. The signer is trusted not to hide anything.
 */
function isMadeOf(signed: string, manifest: string): boolean {
  const [there, ours] = [wordsOf(signed), wordsOf(manifest)];
  const isAdded = (word: string): boolean => !ours.has(word) && (digest.test(word) || loosening.test(word));
  return [...ours].every((word) => there.has(word)) && ![...there].some(isAdded);
}

/** The strings, keys, numbers and truths of a text in TOML. */
function wordsOf(toml: string): ReadonlySet<string> {
  return new Set(Array.from(toml.matchAll(/"(?:[^"\\]|\\.)*"|[\w-]+/g), ([word]) => word));
}

import { at, textOf } from '@enclos/kubernetes-schema/yaml';
import type { EnclaveContainer, EnclavePod } from '../enclave-pod.ts';
import { isMutable, parseImageReference } from '../image-reference.ts';
import type { Report } from '../report.ts';

/** Labels of images, by the reference that a manifest writes. */
export type ImageLabels = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Variables that make an SGX runtime simulate. */
const simulation: Readonly<Record<string, RegExp>> = {
  OE_SIMULATION: /^(?:1|true)$/i,
  SGX_MODE: /^(?:SW|SIM)$/i,
  SGX_DEBUG: /^(?:1|true)$/i,
};

export function checkImages(pod: EnclavePod, images: ImageLabels, report: Report): void {
  for (const container of pod.members) {
    const node = at(container.node, 'image');
    const text = textOf(node);
    if (node === undefined || text === undefined) continue;
    const reference = parseImageReference(text);
    if (reference === undefined) {
      report('IMAGE_REFERENCE_INVALID', node, `${JSON.stringify(text.slice(0, 200))} is not an image reference`);
    } else if (pod.holdsEnclaves && isMutable(reference)) {
      const what =
        reference.tag === undefined ? 'no tag, which means "latest"' : `the tag "${reference.tag}", which moves`;
      report('IMAGE_TAG_MUTABLE', node, `${text} has ${what}`, `${reference.name}@sha256:DIGEST`);
    }
    if (pod.holdsEnclaves) checkLabels(container, Object.hasOwn(images, text) ? images[text] : undefined, report);
  }
  if (pod.holdsEnclaves) checkAnnotations(pod, report);
}

function checkLabels(
  { node, environment }: EnclaveContainer,
  labels: Readonly<Record<string, string>> | undefined,
  report: Report,
): void {
  const image = at(node, 'image') ?? node;
  for (const [name, wanted] of Object.entries(simulation)) {
    const variable = environment.get(name);
    if (variable === undefined || !wanted.test(variable.text)) continue;
    report('IMAGE_ENCLAVE_DEBUG', variable.span, `${name}=${variable.text} simulates SGX`, `Remove ${name}.`);
  }
  if (labels === undefined) return;
  if (labels['dev.enclos.debug'] === 'true') {
    report(
      'IMAGE_ENCLAVE_DEBUG',
      image,
      'the image holds a debug enclave, or one whose signature lets the host debug it',
    );
  }
  const missing = ['dev.enclos.mrenclave', 'dev.enclos.mrsigner'].filter((name) => (labels[name] ?? '') === '');
  if (missing.length === 0) return;
  report('IMAGE_ENCLAVE_UNSIGNED', image, `the image has no label ${missing.join(' and no label ')}`);
}

/** `enclos deploy` copies the labels of the image into the pod. */
function checkAnnotations({ annotations }: EnclavePod, report: Report): void {
  const debug = annotations.get('dev.enclos.debug');
  if (debug?.text === 'true') {
    report('IMAGE_ENCLAVE_DEBUG', debug.value, 'the pod says that its enclave is a debug enclave');
  }
  const measurement = annotations.get('dev.enclos.mrenclave');
  if (measurement !== undefined && (annotations.get('dev.enclos.mrsigner')?.text ?? '') === '') {
    report('IMAGE_ENCLAVE_UNSIGNED', measurement.key, 'the pod names the measurement of an enclave, and no signer');
  }
}

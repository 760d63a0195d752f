/** An error is refused by the cluster or helps an attacker; a warning will surprise the operator. */
export type Severity = 'error' | 'warning';

export interface LintRule {
  readonly severity: Severity;
  /** The finding. */
  readonly summary: string;
  /** What happens if it is left as it is. */
  readonly why: string;
  /** What to do, if a finding has no closer advice. */
  readonly fix: string;
}

/** What the API server refuses in any document, whether it schedules enclaves or not. Each is an error. */
export const refusals = {
  K8S_YAML_INVALID: {
    severity: 'error',
    summary: 'The document is not YAML, repeats a field, or uses YAML that Kubernetes does not.',
    why: 'kubectl refuses the file, or one of two fields with the same name is lost.',
    fix: 'Correct the place; render charts and templates before linting them.',
  },
  K8S_DOCUMENT_INVALID: {
    severity: 'error',
    summary: 'The document is not an object with apiVersion and kind.',
    why: 'The API server cannot tell what it is.',
    fix: 'Add apiVersion and kind.',
  },
  K8S_KIND_UNKNOWN: {
    severity: 'error',
    summary: 'A group of Kubernetes has no such version or kind, or the apiVersion cannot be one.',
    why: 'The API server answers "no matches for kind".',
    fix: 'Use the current apiVersion of the kind.',
  },
  K8S_FIELD_UNKNOWN: {
    severity: 'error',
    summary: 'The kind has no such field.',
    why: 'Strict validation refuses it. Without strict validation the field is dropped, and has no effect.',
    fix: 'Remove the field, or correct its name or its place.',
  },
  K8S_TYPE_WRONG: {
    severity: 'error',
    summary: 'The value is not of the type of its field.',
    why: 'The API server refuses the object. Unquoted yes, no, on, off and numbers are not strings.',
    fix: 'Write a value of the type; put strings in quotes.',
  },
  K8S_FIELD_MISSING: {
    severity: 'error',
    summary: 'A field that the kind needs is missing, null or empty.',
    why: 'The API server refuses the object. It takes null, "" and an empty list for a missing field.',
    fix: 'Add the field.',
  },
  K8S_NAME_INVALID: {
    severity: 'error',
    summary: 'The name of an object, a container or a volume is not one that Kubernetes takes.',
    why: 'The API server refuses the object.',
    fix: 'Use lower-case letters, digits and hyphens, and a letter or digit at both ends.',
  },
  K8S_VALUE_INVALID: {
    severity: 'error',
    summary: 'The value has the right type, but is not one that the field takes.',
    why: 'The API server refuses the object: enumerations have exact spellings, ports end at 65535, and addresses, schedules and paths have a form.',
    fix: 'Write a value that the field takes.',
  },
  K8S_LABEL_INVALID: {
    severity: 'error',
    summary:
      'The key or the value of a label, a selector or an annotation, or a key of data, is not one that Kubernetes takes.',
    why: 'The API server refuses the object.',
    fix: 'Use at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends; a domain and "/" may precede the key.',
  },
  K8S_ONE_OF: {
    severity: 'error',
    summary: 'Fields that exclude each other are both set, or none of them is.',
    why: 'The API server refuses the object: a volume has one source, a probe one handler.',
    fix: 'Keep one of them.',
  },
  K8S_FIELDS_CONFLICT: {
    severity: 'error',
    summary: 'Fields that are right by themselves do not go together.',
    why: 'The API server refuses the object: a request may not exceed its limit, and some fields have a meaning only with others.',
    fix: 'Change one of the fields.',
  },
  K8S_NAME_REPEATED: {
    severity: 'error',
    summary: 'Two items have the same name, port or path, where each needs its own.',
    why: 'The API server refuses the object.',
    fix: 'Give each its own.',
  },
  K8S_VOLUME_UNKNOWN: {
    severity: 'error',
    summary: 'A mount names a volume that the pod does not have.',
    why: 'The API server refuses the pod; often one end of a rename was missed.',
    fix: 'Use the name of a volume of the same pod.',
  },
  K8S_SELECTOR_MISMATCH: {
    severity: 'error',
    summary: 'The selector does not select the pods of its own template.',
    why: 'The API server refuses the object.',
    fix: 'Give the template the labels of the selector.',
  },
  K8S_RESTART_POLICY: {
    severity: 'error',
    summary: 'The restart policy is not one that the kind allows.',
    why: 'The API server refuses the object: a Job ends, and the pods of a Deployment do not.',
    fix: 'Use Never or OnFailure in a Job, and Always elsewhere.',
  },
  SGX_RESOURCE_UNEQUAL: {
    severity: 'error',
    summary: 'Request and limit of an extended resource differ, or there is a request without a limit.',
    why: 'Kubernetes does not overcommit extended resources, and refuses the pod.',
    fix: 'Write one value in both, or the limit alone.',
  },
  SGX_RESOURCE_NOT_INTEGER: {
    severity: 'error',
    summary: 'The amount of an extended resource is a fraction or negative.',
    why: 'Extended resources are whole numbers; the API server refuses others.',
    fix: 'Write a whole number, with a suffix such as Mi for EPC.',
  },
  SGX_RESOURCE_QUANTITY: {
    severity: 'error',
    summary: 'The value of a resource is not a quantity.',
    why: 'The API server refuses the object: Kubernetes writes "10Mi", not "10MB".',
    fix: 'Write a number, with no suffix or one of Ki, Mi, Gi, k, M, G.',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

/** The code of a finding that says: the API server refuses this. */
export type RefusalCode = keyof typeof refusals;

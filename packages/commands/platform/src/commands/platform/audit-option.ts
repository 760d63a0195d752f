/** The option for the audit log of a platform or of a change to one. */
export const auditOption = {
  type: 'string',
  value: 'FILE',
  summary: 'Record what is done in this audit log; a new one is made when there is none',
} as const;

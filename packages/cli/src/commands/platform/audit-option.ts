/** The option that says where a platform, or a change of one, is written down. */
export const auditOption = {
  type: 'string',
  value: 'FILE',
  summary: 'Record what is done in this audit log; a new one is made when there is none',
} as const;

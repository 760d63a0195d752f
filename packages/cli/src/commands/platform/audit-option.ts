/** The option that says where a platform, or a change of one, is written down. */
export const auditOption = {
  type: 'string',
  value: 'FILE',
  summary: 'Write down what is done in this audit log, which is made when absent',
} as const;

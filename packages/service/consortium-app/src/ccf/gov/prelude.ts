/** What the code of governance has beyond tables. Each role gets its part only, as in CCF from 7.0.15 on. */
export const validatePrelude = `
ccf.gov = {
  validateConstitution: function validateConstitution(constitution) {
    count(arguments.length, 1, 1);
    if (typeof constitution !== 'string') throw new TypeFailure('constitution is not a string');
    if (constitution === '') throw new TypeFailure('constitution is empty');
    internally(host.govValidate, [constitution]);
    return true;
  },
};
`;

export const applyPrelude = `
ccf.refreshAppBytecodeCache = function refreshAppBytecodeCache() {
  count(arguments.length, 0, 0, 'none', '');
  internally(host.govRefreshModules, []);
};
ccf.setJwtPublicSigningKeys = function setJwtPublicSigningKeys(issuer, metadata, jwks) {
  count(arguments.length, 3, 3, undefined, '');
  internally(host.govSetKeys, [textOf(issuer), textOf(stringify(jwks))]);
};
ccf.removeJwtPublicSigningKeys = function removeJwtPublicSigningKeys(issuer) {
  count(arguments.length, 1, 1, undefined, '');
  internally(host.govRemoveKeys, [textOf(issuer)]);
};
const triggering = (name) => function () {
  count(arguments.length, 0, 0, 'none', '');
  internally(host.govTrigger, [name]);
};
ccf.node = {
  triggerLedgerRekey: triggering('triggerLedgerRekey'),
  transitionServiceToOpen: function transitionServiceToOpen(previous, next) {
    count(arguments.length, 2, 2, 'two', '');
    if (previous !== undefined) needBuffer(previous, 'Previous service identity argument is not an array buffer');
    if (next === undefined) throw new Internal('Proposal requires a service identity');
    needBuffer(next, 'Next service identity argument is not an array buffer');
    internally(host.govOpen, [previous, next]);
  },
  triggerRecoverySharesRefresh: triggering('triggerRecoverySharesRefresh'),
  triggerLedgerChunk: triggering('triggerLedgerChunk'),
  triggerSnapshot: triggering('triggerSnapshot'),
};
ccf.network = {
  getLatestLedgerSecretSeqno: function getLatestLedgerSecretSeqno() {
    count(arguments.length, 0, 0, 'none', '');
    return internally(host.govSecretSeqno, []);
  },
  generateEndorsedCertificate: function generateEndorsedCertificate(csr, validFrom, days) {
    count(arguments.length, 3, 3, undefined, '');
    return internally(host.govEndorse, [textOf(csr), textOf(validFrom), toInteger(days)]);
  },
  generateNetworkCertificate: function generateNetworkCertificate(validFrom, days) {
    count(arguments.length, 2, 2, undefined, '');
    return internally(host.govCertificate, [textOf(validFrom), toInteger(days)]);
  },
};
`;

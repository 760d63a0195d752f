import type { PolicyTexts } from './attestation-type.ts';

const permissive = `version=1.0;

authorizationrules
{
    => permit();
};

issuancerules
{
};
`;

/** The names of the first version of the service, which tokens still contain. */
const sgx = `version=1.1;

configurationrules
{
    => issueproperty(type="x-ms-sgx-tcbidentifier", value="azuredefault");
};

authorizationrules
{
    => permit();
};

issuancerules
{
    c:[type=="x-ms-sgx-is-debuggable"] => issue(type="is-debuggable", value=c.value);
    c:[type=="x-ms-sgx-mrsigner"] => issue(type="sgx-mrsigner", value=c.value);
    c:[type=="x-ms-sgx-mrenclave"] => issue(type="sgx-mrenclave", value=c.value);
    c:[type=="x-ms-sgx-product-id"] => issue(type="product-id", value=c.value);
    c:[type=="x-ms-sgx-svn"] => issue(type="svn", value=c.value);
    c:[type=="x-ms-attestation-type"] => issue(type="tee", value=c.value);
};
`;

/**
 * The behaviour of Azure Attestation without a configured policy: everything genuine is permitted, including debug enclaves.
 * The relying party decides by the claims of the token. For a service that should refuse: {@link strictPolicies}.
 */
export const defaultPolicies: PolicyTexts = Object.freeze({
  SgxEnclave: sgx,
  OpenEnclave: sgx,
  SevSnpVm: permissive,
  TdxVm: permissive,
  Tpm: permissive,
  AzureGuest: permissive,
});

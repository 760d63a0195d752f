import type { PolicyTexts } from './attestation-type.ts';

const sgx = `version=1.1;

configurationrules
{
    // The baseline of Azure. A number ("15") asks for a later one, and refuses platforms with an older one.
    => issueproperty(type="x-ms-sgx-tcbidentifier", value="azuredefault");
};

authorizationrules
{
    // The owner of the machine can read the memory of a debug enclave. A deny stands whatever else permits.
    [type=="x-ms-sgx-is-debuggable", value!=false] => deny();

    // The claims are the service's own: a client could send claims of the same names.
    // Every enclave has a signer. Name yours here, with its product and the lowest version that is still safe:
    // value=="...", value==1, value>=1.
    [type=="x-ms-sgx-is-debuggable", value==false, issuer=="AttestationService"] &&
    [type=="x-ms-sgx-mrsigner", issuer=="AttestationService"] &&
    [type=="x-ms-sgx-product-id", value>=0, issuer=="AttestationService"] &&
    [type=="x-ms-sgx-svn", value>=1, issuer=="AttestationService"] => permit();
};

issuancerules
{
};
`;

const sevSnp = `version=1.0;

authorizationrules
{
    // With debugging the host reads the memory of the guest.
    [type=="x-ms-sevsnpvm-is-debuggable", value!=false] => deny();

    // A migration agent could move the guest, with its keys, to a machine without attestation.
    [type=="x-ms-sevsnpvm-migration-allowed", value!=false] => deny();

    // The claims are the service's own: a client could send claims of the same names.
    // VMPL 0 is the level that made the report; a lower one could be told what to report by it.
    // Name the measurement of your guest here: value=="...".
    [type=="x-ms-sevsnpvm-is-debuggable", value==false, issuer=="AttestationService"] &&
    [type=="x-ms-sevsnpvm-migration-allowed", value==false, issuer=="AttestationService"] &&
    [type=="x-ms-sevsnpvm-vmpl", value==0, issuer=="AttestationService"] &&
    [type=="x-ms-sevsnpvm-launchmeasurement", issuer=="AttestationService"] => permit();
};

issuancerules
{
};
`;

const tdx = `version=1.0;

authorizationrules
{
    // With debugging the host reads the memory of the guest.
    [type=="tdx_td_attributes_debug", value!=false] => deny();

    // The claims are the service's own: a client could send claims of the same names.
    // Without SEPT_VE_DISABLE the host may answer for pages that it took away.
    // Name the measurement of your guest here: value=="...".
    [type=="tdx_td_attributes_debug", value==false, issuer=="AttestationService"] &&
    [type=="tdx_td_attributes_septve_disable", value==true, issuer=="AttestationService"] &&
    [type=="attester_tcb_status", value=="UpToDate", issuer=="AttestationService"] &&
    [type=="tdx_mrseam", issuer=="AttestationService"] &&
    [type=="tdx_mrtd", issuer=="AttestationService"] => permit();
};

issuancerules
{
};
`;

const tpm = `version=1.1;

configurationrules
{
    // Without a certificate of its key any program could play the TPM.
    => issueproperty(type="require_valid_aik_cert", value=true);

    // PCR 0 to 7, and 11 to 14: firmware, boot loader and what it loaded.
    => issueproperty(type="required_pcr_mask", value=30975);
};

authorizationrules
{
    // The claims are the service's own: a client could send claims of the same names.
    // Without one of these, something other than the measured system could run, or look into it.
    [type=="aikValidated", value==true, issuer=="AttestationService"] &&
    [type=="secureBootEnabled", value==true, issuer=="AttestationService"] &&
    [type=="bootDebuggingDisabled", value==true, issuer=="AttestationService"] &&
    [type=="notSafeMode", value==true, issuer=="AttestationService"] &&
    [type=="notWinPE", value==true, issuer=="AttestationService"] => permit();
};

issuancerules
{
};
`;

const azureGuest = String.raw`version=1.2;

authorizationrules
{
    // A debugger of the boot or of the kernel changes what was measured after it was.
    [type=="x-ms-azurevm-debuggersdisabled", value!=true] => deny();
    [type=="x-ms-azurevm-bootdebug-enabled", value!=false] => deny();

    // What attests the hardware below the guest is JSON. Its two debug switches are of SEV-SNP and of TDX.
    c:[type=="x-ms-isolation-tee", issuer=="AttestationService"] => add(type="isolationCompliance", value=JsonToClaimValue(JmesPath(c.value, "\"x-ms-compliance-status\"")));
    c:[type=="x-ms-isolation-tee", issuer=="AttestationService"] => add(type="isolationDebug", value=JsonToClaimValue(JmesPath(c.value, "not_null(\"x-ms-sevsnpvm-is-debuggable\", tdx_td_attributes_debug)")));

    // The claims are the service's own: a client could send claims of the same names.
    // Without compliant hardware below it this may be a TPM that the host made.
    [type=="x-ms-azurevm-debuggersdisabled", value==true, issuer=="AttestationService"] &&
    [type=="secureboot", value==true, issuer=="AttestationService"] &&
    [type=="isolationCompliance", value=="azure-compliant-cvm", issuer=="AttestationPolicy"] &&
    [type=="isolationDebug", value==false, issuer=="AttestationPolicy"] => permit();
};

issuancerules
{
};
`;

/**
 * A starting point for a policy that refuses: no debugging, and the claims that must be present. These permit every signer and
 * every measurement: add your own where the comments say so.
 */
export const strictPolicies: PolicyTexts = Object.freeze({
  SgxEnclave: sgx,
  OpenEnclave: sgx,
  SevSnpVm: sevSnp,
  TdxVm: tdx,
  Tpm: tpm,
  AzureGuest: azureGuest,
});

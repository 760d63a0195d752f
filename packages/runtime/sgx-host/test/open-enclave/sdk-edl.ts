import { compileEdl, type EdlModel } from '@enclos/edl-compiler';

/** The buffers of endorsements, in the SDK's order. */
export const collateralItems = [
  'tcb_info',
  'tcb_info_issuer_chain',
  'pck_crl',
  'root_ca_crl',
  'pck_crl_issuer_chain',
  'qe_identity',
  'qe_identity_issuer_chain',
] as const;

const collateral = collateralItems
  .map((name) => `[out, size=${name}_size] void* ${name}, size_t ${name}_size, [out] size_t* ${name}_size_out`)
  .join(', ');

/** Functions of the SDK's own EDL files, as the runtime has to know them; their names and types are the interface. */
const files: Readonly<Record<string, string>> = {
  'sdk/cpu.edl': `enclave { untrusted {
    oe_result_t oe_sgx_get_cpuid_table_ocall([out, size=cpuid_table_buffer_size] void* cpuid_table_buffer, size_t cpuid_table_buffer_size);
  }; };`,
  'sdk/logging.edl': `enclave {
    trusted { public void oe_log_init_ecall([in, string] const char* enclave_path, uint32_t log_level); };
    untrusted {
      void oe_log_is_supported_ocall();
      void oe_log_ocall(uint32_t log_level, [in, string] const char* message);
      void oe_write_ocall(int device, [in, string] const char* str, size_t maxlen);
    };
  };`,
  'sdk/memory.edl': `enclave { untrusted { void* oe_realloc_ocall([user_check] void* ptr, size_t size); }; };`,
  'sdk/thread.edl': `enclave { untrusted {
    void oe_sgx_thread_wake_wait_ocall([user_check] oe_enclave_t* oe_enclave, uint64_t waiter_tcs, uint64_t self_tcs);
  }; };`,
  'sdk/attestation.edl': `enclave {
    struct format_ids_t { [size=size] void* data; size_t size; };
    untrusted {
      oe_result_t oe_get_supported_attester_format_ids_ocall([out] format_ids_t* format_ids);
      oe_result_t oe_get_qetarget_info_ocall(
        [in] const oe_uuid_t* format_id, [in, size=opt_params_size] const void* opt_params, size_t opt_params_size,
        [out] sgx_target_info_t* target_info);
      oe_result_t oe_get_quote_ocall(
        [in] const oe_uuid_t* format_id, [in, size=opt_params_size] const void* opt_params, size_t opt_params_size,
        [in] const sgx_report_t* sgx_report, [out, size=quote_size] void* quote, size_t quote_size, [out] size_t* quote_size_out);
      oe_result_t oe_get_quote_verification_collateral_ocall([in] uint8_t fmspc[6], uint8_t collateral_provider, ${collateral});
      oe_result_t oe_verify_quote_ocall([in] const oe_uuid_t* format_id);
    };
  };`,
  'sdk/debug.edl': `enclave { untrusted {
    oe_result_t oe_sgx_log_backtrace_ocall([user_check] oe_enclave_t* oe_enclave, oe_log_level_t level,
      [in, count=size] const uint64_t* buffer, size_t size);
  }; };`,
  'sdk/fcntl.edl': `enclave { untrusted {
    oe_host_fd_t oe_syscall_open_ocall([in, string] const char* pathname, int flags, oe_mode_t mode) propagate_errno;
  }; };`,
};

/** Compiles an interface of Open Enclave that imports some of the SDK's files. */
export function openEnclaveModel(imports: readonly string[], body: string): EdlModel {
  const lines = imports.map((name) => `from "sdk/${name}.edl" import *;`);
  const text = `enclave { ${lines.join('\n')} ${body} };`;
  const read = (path: string): string | undefined => (path === 'app.edl' ? text : files[path]);
  const { model, diagnostics } = compileEdl({ file: 'app.edl', read, dialect: 'oe' });
  if (model === undefined) throw new Error(diagnostics.map(({ text: problem }) => problem).join('\n'));
  return model;
}

export function ocallIndex(model: EdlModel, name: string): number {
  return model.ocalls.findIndex((ocall) => ocall.name === name);
}

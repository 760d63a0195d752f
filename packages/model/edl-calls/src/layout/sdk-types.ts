const number = (type: string) => ({ type });
const bytes = (size: number, alignment = 1) => ({ bytes: size, alignment });

/** Types of Intel's headers that interfaces pass: sgx_error.h, sgx_report.h, sgx_key_exchange.h, sgx_dh.h, sgx_tcrypto.h and others. */
const intel = {
  // Enumerations without negative constants are unsigned (gcc).
  sgx_status_t: number('uint32_t'),
  quote3_error_t: number('uint32_t'),
  sgx_ql_qv_result_t: number('uint32_t'),
  sgx_quote_sign_type_t: number('uint32_t'),
  sgx_ra_key_type_t: number('uint32_t'),
  sgx_enclave_id_t: number('uint64_t'),
  sgx_ra_context_t: number('uint32_t'),
  sgx_misc_select_t: number('uint32_t'),
  sgx_isv_svn_t: number('uint16_t'),
  sgx_prod_id_t: number('uint16_t'),
  sgx_attributes_t: bytes(16, 8),
  sgx_cpu_svn_t: bytes(16),
  sgx_config_id_t: bytes(64),
  sgx_isvext_prod_id_t: bytes(16),
  sgx_isvfamily_id_t: bytes(16),
  sgx_measurement_t: bytes(32),
  sgx_target_info_t: bytes(512, 8),
  sgx_report_t: bytes(432, 8),
  sgx_report_body_t: bytes(384, 8),
  sgx_report_data_t: bytes(64),
  sgx_key_request_t: bytes(512, 8),
  sgx_key_id_t: bytes(32),
  sgx_key_128bit_t: bytes(16),
  sgx_mac_t: bytes(16),
  sgx_sealed_data_t: bytes(560, 8),
  sgx_spid_t: bytes(16),
  sgx_basename_t: bytes(32),
  sgx_quote_nonce_t: bytes(16),
  sgx_epid_group_id_t: bytes(4),
  sgx_ra_msg1_t: bytes(68),
  sgx_ra_msg2_t: bytes(168, 4),
  sgx_ra_msg3_t: bytes(336),
  sgx_dh_msg1_t: bytes(576),
  sgx_dh_msg2_t: bytes(512),
  sgx_dh_msg3_t: bytes(452),
  sgx_dh_session_enclave_identity_t: bytes(260),
  sgx_ec256_public_t: bytes(64),
  sgx_ec256_private_t: bytes(32),
  sgx_ec256_signature_t: bytes(64, 4),
  sgx_sha256_hash_t: bytes(32),
  sgx_ec_key_128bit_t: bytes(16),
  sgx_aes_gcm_128bit_key_t: bytes(16),
  sgx_aes_gcm_128bit_tag_t: bytes(16),
  sgx_aes_ctr_128bit_key_t: bytes(16),
  sgx_cmac_128bit_key_t: bytes(16),
  sgx_cmac_128bit_tag_t: bytes(16),
};

/** Types that Open Enclave's system EDL files name: bits/result.h, bits/evidence.h, bits/edl/syscall_types.h, corelibc/bits/types.h, log.h. */
const openEnclave = {
  oe_result_t: number('uint32_t'),
  oe_log_level_t: number('uint32_t'),
  oe_enclave_type_t: number('uint32_t'),
  oe_uuid_t: bytes(16),
  // With verification_result at its end, which 0.19 added: 144 bytes before.
  oe_report_t: bytes(152, 8),
  oe_host_fd_t: number('int64_t'),
  oe_nfds_t: number('uint64_t'),
  oe_clockid_t: number('int'),
  oe_mode_t: number('uint32_t'),
  oe_off_t: number('int64_t'),
  oe_ino_t: number('uint64_t'),
  oe_dev_t: number('uint64_t'),
  oe_gid_t: number('uint32_t'),
  oe_uid_t: number('uint32_t'),
  oe_nlink_t: number('uint64_t'),
  oe_blksize_t: number('int64_t'),
  oe_blkcnt_t: number('int64_t'),
  oe_socklen_t: number('uint32_t'),
  oe_sa_family_t: number('uint16_t'),
  // Packed on x86-64.
  'struct oe_epoll_event': bytes(12),
};

/** Types of the SDKs' headers, with the sizes that they have on x86-64 Linux. */
export const sdkForeignTypes = { ...intel, ...openEnclave };

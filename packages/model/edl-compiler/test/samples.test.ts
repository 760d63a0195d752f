import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { test } from 'node:test';
import { compileEdl, type Dialect } from '../src/index.ts';

/**
 * The SDKs' own files, which the repository does not hold: `ENCLOS_EDL_SAMPLES` names a folder with checkouts of
 * openenclave/openenclave, openenclave/oeedger8r-cpp and intel/linux-sgx under these last names.
 */
const samples = process.env['ENCLOS_EDL_SAMPLES'];

interface Checkout {
  readonly name: string;
  readonly dialect: Dialect;
  readonly searchPaths: readonly string[];
  readonly least: number;
  /** Files that their own tests expect to be refused, templates, and libraries that only other files can import. */
  readonly refused: Readonly<Record<string, string>>;
}

const checkouts: readonly Checkout[] = [
  {
    name: 'openenclave',
    dialect: 'oe',
    searchPaths: ['include', 'include/openenclave/edl', 'include/openenclave/edl/sgx', 'tests/oeedger8r/moreedl'],
    least: 200,
    refused: {
      'tests/oeedger8r/basictypes/duplicated_count.edl': 'edl-duplicate-attribute',
      'tests/oeedger8r/basictypes/duplicated_size.edl': 'edl-duplicate-attribute',
      'tests/oeedger8r/behavior/allow_list.edl': 'edl-allow-of-trusted',
      'tests/oeedger8r/behavior/deepcopy_value.edl': 'edl-deep-structure-by-value',
      'tests/oeedger8r/behavior/private_trusted.edl': 'edl-private-ecall',
      'tests/oeedger8r/behavior/size_and_count.edl': 'edl-size-and-count',
      'tests/oeedger8r/string/string_attribute.edl': 'edl-string-type',
      'tests/oeedger8r/string/string_count.edl': 'edl-size-with-string',
      'tests/oeedger8r/string/string_isary.edl': 'edl-typedef-attribute-type',
      'tests/oeedger8r/string/string_isptr.edl': 'edl-typedef-attribute-type',
      'tests/oeedger8r/string/string_out.edl': 'edl-string-out-only',
      'tests/oeedger8r/string/string_readonly.edl': 'edl-readonly-attribute',
      'tests/oeedger8r/string/string_size.edl': 'edl-size-with-string',
      'tests/oeedger8r/string/string_usercheck.edl': 'edl-string-without-direction',
      'tests/oeedger8r/string/wstring_attribute.edl': 'edl-wstring-type',
      'tests/oeedger8r/string/wstring_isptr.edl': 'edl-typedef-attribute-type',
      'tests/oeedger8r/string/wstring_readonly.edl': 'edl-readonly-attribute',
      'tests/oeedger8r/struct/pointer_array_01.edl': 'edl-pointer-array',
      'tests/oeedger8r/struct/pointer_array_02.edl': 'edl-pointer-array',
      'tests/oeedger8r/struct/pointer_array_03.edl': 'edl-pointer-array',
      'tests/oeedger8r/struct/pointer_array_04.edl': 'edl-pointer-array',
      'tests/oeedger8r/struct/struct_deepcopy_01.edl': 'edl-deep-structure-by-value',
      'tests/oeedger8r/userdata/string_usertype.edl': 'edl-string-type edl-wstring-type',
      'tests/oeedger8r/userdata/usercheck_count.edl': 'edl-size-without-direction',
      'tests/oeedger8r/userdata/usercheck_size.edl': 'edl-size-without-direction',
    },
  },
  {
    name: 'oeedger8r-cpp',
    dialect: 'oe',
    searchPaths: ['test/comprehensive/moreedl', 'test/import/import_dir3/x'],
    least: 80,
    refused: {
      'test/behavior/allow_list.edl': 'edl-allow-of-trusted',
      'test/behavior/deepcopy_value.edl': 'edl-deep-structure-by-value',
      'test/behavior/private_trusted.edl': 'edl-private-ecall',
      'test/behavior/size_and_count.edl': 'edl-size-and-count',
      'test/import/a2.edl': 'edl-duplicate-type',
      'test/import/a3.edl': 'edl-duplicate-function',
      'test/import/a4.edl': 'edl-duplicate-function',
      'test/import/a5.edl': 'edl-duplicate-function',
      'test/import/b10.edl': 'edl-duplicate-function',
      'test/import/b11.edl': 'edl-duplicate-function',
      'test/import/b2.edl': 'edl-duplicate-function',
      'test/import/b3.edl': 'edl-duplicate-function',
      'test/import/b4.edl': 'edl-duplicate-function',
      'test/import/b5.edl': 'edl-duplicate-function',
      'test/import/b6.edl': 'edl-duplicate-type',
      'test/import/b7.edl': 'edl-duplicate-type',
      'test/import/b8.edl': 'edl-duplicate-type',
      'test/import/b9.edl': 'edl-duplicate-function',
    },
  },
  {
    name: 'linux-sgx',
    dialect: 'intel',
    searchPaths: [
      'common/inc',
      'SampleCode/SampleAttestedTLS/common',
      'SampleCode/SampleAttestedTLS/sgx_socket/include',
    ],
    least: 50,
    refused: {
      'Linux_SGXEclipsePlugin/build_directory/plugins/com.intel.sgx/templates/sgx/SGXEnclave/trusted/Enclave1.edl':
        'edl-unknown-character edl-expected-name',
      'Linux_SGXEclipsePlugin/build_directory/plugins/com.intel.sgx/templates/sgx/SGXEnclave/trusted/Enclave1_minimal.edl':
        'edl-unknown-character edl-expected-name',
      'Linux_SGXEclipsePlugin/build_directory/plugins/com.intel.sgx/templates/sgx/SGXTrustedStaticLibrary/static_trusted/Enclave2_minimal.edl':
        'edl-unknown-character edl-expected-name',
      'SampleCode/SampleAttestedTLS/client/tls_client.edl': 'edl-file-not-found',
      'SampleCode/SampleAttestedTLS/common/enclave.edl': 'edl-no-public-ecall',
      'SampleCode/SampleAttestedTLS/server/tls_server.edl': 'edl-file-not-found',
      'SampleCode/SampleAttestedTLS/sgx_socket/include/sgx_socket.edl': 'edl-no-public-ecall',
      'common/inc/sgx_pthread.edl': 'edl-no-public-ecall',
      'common/inc/sgx_tprotected_fs.edl': 'edl-no-public-ecall',
      'common/inc/sgx_tstdc.edl': 'edl-no-public-ecall',
      'common/inc/sgx_ttls.edl': 'edl-no-public-ecall',
    },
  },
];

// What the makefiles and CMake files of the samples define.
const defines = { OE_SGX: '', COMPLEX1: '', COMPLEX2: '', COMPLEX3: '', COMPLEX4: '' };

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.edl'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted();
}

for (const { name, dialect, searchPaths, least, refused } of checkouts) {
  const skip = samples === undefined ? 'ENCLOS_EDL_SAMPLES names no folder' : false;
  test(`all EDL files of ${name} compile, but those that have to be refused`, { skip }, () => {
    const folder = join(samples ?? '', name);
    const files = filesOf(folder);
    assert.ok(files.length >= least, `${files.length} files`);
    const read = (path: string) => {
      const file = join(folder, path);
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    };
    for (const choice of [dialect, 'both'] as const) {
      const found = files.flatMap((file) => {
        const own = [dirname(file), posix.join(dirname(file), '..')];
        const { model, diagnostics } = compileEdl({
          file,
          read,
          searchPaths: [...own, ...searchPaths],
          defines,
          dialect: choice,
        });
        const codes = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
        return model === undefined ? [[file, [...new Set(codes)].join(' ')] as const] : [];
      });
      // A file that only one dialect has to refuse may be one of the other.
      const wrong = choice === 'both' ? found.filter(([file]) => refused[file] === undefined) : found;
      assert.deepEqual(Object.fromEntries(wrong), choice === 'both' ? {} : refused, choice);
    }
  });
}

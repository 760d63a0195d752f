/** Any certificate: the driver reads that it is one, and no more. */
export const certificatePem = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUQnnvWqdO7jjJ4nsby3tk22PS7PswCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjQyMjA4MjNaFw0zNjExMjEyMjA4MjNa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASrV4/q
rXuXtBdSBDiT6mOU5aF6ymdVm89yrMvQOuCZmHFz34ic8hSpKR0OF5GJQaLb2aFa
2yxRKnugCCUz3Z57o1MwUTAdBgNVHQ4EFgQUrtocp/kgVNoedZmfsvg+YbuS690w
HwYDVR0jBBgwFoAUrtocp/kgVNoedZmfsvg+YbuS690wDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEA5nUzxQvb0kKiAIXN3lUJfkwwlmagCNDETPJI
50mZYoMCIEsULlZfvCsXIeEaBH6lw61XCn6puBlcEZBsoqI268jE
-----END CERTIFICATE-----
`;

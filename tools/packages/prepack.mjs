// `npm pack` and `npm publish` in the folder of a package would leave out LICENSE and NOTICE, and keep links in README that
// lead nowhere on a registry.
console.error('Run `npm run packages` in the root of the repository: it writes the tarballs that are published.');
process.exitCode = 1;

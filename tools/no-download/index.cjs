// The install script of onnxruntime-node downloads libraries for graphics processors, which Enclos does not use, and fails without
// the network. Before anything else it asks the package `global-agent` for a proxy. The override in package.json gives it this file
// instead, so the script ends here: docs/decisions/onnxruntime-install.md.
exports.bootstrap = () => process.exit(0);

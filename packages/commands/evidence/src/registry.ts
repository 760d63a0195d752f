import './errors.ts';
export { entries as collateralCommands } from './commands/collateral/index.ts';
export { entries as explainCommands } from './commands/explain/index.ts';
export { entries as inspectCommands } from './commands/inspect/index.ts';
export { entries as policyCommands } from './commands/policy/index.ts';
export { entries as predictCommands } from './commands/predict/index.ts';
export { entries as proxyCommands } from './commands/proxy/index.ts';
export { entries as receiptCommands } from './commands/receipt/index.ts';
export { entries as verifyCommands } from './commands/verify/index.ts';

/** The interpreter as a file of this package. For hosts and builds: enclaves embed it in their images. */
import '../errors.ts';

export { findQuickJs, type QuickJs } from './find.ts';

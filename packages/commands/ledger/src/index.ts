/** The functions that do the work of the commands about ledgers. */
export {};

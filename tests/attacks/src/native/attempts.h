/* One row of the table of attempts: see attack.c. */
struct attempt {
  const char *name;
  /* How far it got, or a negative number with the error in errno. */
  long (*run)(void);
};

/* The path of this program. */
extern const char *program_path;

/* Attempts on a socket that the host passed, up to one without a name. */
extern const struct attempt socket_attempts[];

/* hold KIND PROGRAM WORD...: becomes PROGRAM, with one end of a private socket in place of the gate, on which a socket of KIND waits. */
int hold(char **words);

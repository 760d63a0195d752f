/** What `enclos keygen` writes by default, and what signs a project that has it. */
export const signingKeyFile = 'signing.key.pem';
/** What signs other projects, and what `enclos dev` signs. In the project. */
export const developmentKeyFile = '.enclos/development.key.pem';

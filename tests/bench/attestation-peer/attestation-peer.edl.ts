export { attestation } from '@enclos/attestation-service/interface';

/** The enclave of the inference service. What it serves is in the measured files models.json and service.json beside enclave.json. */
export { application } from '@enclos/inference-service/enclave';

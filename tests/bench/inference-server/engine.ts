export { companion } from '@enclos/inference-service/engine';

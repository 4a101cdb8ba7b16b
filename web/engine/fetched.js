// Files by their addresses.
import {PoseNetError} from '../errors.js';

/** The response to a request for a file. Throws a PoseNetError with the code 'network'. */
export async function fetched(address) {
  let response;
  try {
    response = await fetch(address);
  } catch {
    throw new PoseNetError('network', `cannot fetch ${address}: no network, or the server does not ` +
        'allow it');
  }
  if (!response.ok) {
    throw new PoseNetError('network', `cannot fetch ${address}: the server answers ${response.status}`);
  }
  return response;
}

// Files by their addresses.
import {PoseNetError} from '../errors.js';

/**
 * The response to a request for a file. sha256: of its content, in hexadecimal, if it is known.
 * Throws a PoseNetError with the code 'network'.
 */
export async function fetched(address, sha256) {
  let response;
  try {
    response = await fetch(address, sha256 ? {integrity: integrityOf(sha256)} : {});
  } catch {
    throw new PoseNetError('network', `cannot fetch ${address}: no network, the server does not ` +
        `allow it${sha256 ? ', or the file is not the one that models.json lists' : ''}`);
  }
  if (!response.ok) {
    throw new PoseNetError('network', `cannot fetch ${address}: the server answers ${response.status}`);
  }
  return response;
}

function integrityOf(sha256) {
  const bytes = sha256.match(/../g).map(pair => String.fromCharCode(parseInt(pair, 16)));
  return `sha256-${btoa(bytes.join(''))}`;
}

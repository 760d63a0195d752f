import { isJsonArray, oneOf, string, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { refuse, refuseUnsupported } from '../refusal.ts';
import { maximumNameLength } from '../tensors/tensor.ts';
import { optionalMember, presentMembers, requiredMember } from './member.ts';

const roles = ['system', 'developer', 'user', 'assistant'] as const;
export type ChatRole = (typeof roles)[number];

/** A message of a conversation. */
export interface ChatMessage {
  readonly role: ChatRole;
  /** The parts of its content, in order; a content that is a text is one part. */
  readonly texts: readonly string[];
  readonly name?: string | undefined;
}

const maximumMessages = 2048;
const maximumParts = 256;

/** @throws INFERENCE_UNSUPPORTED for images, sounds, files and calls of tools. */
export function messagesOf({ messages }: JsonObject): readonly ChatMessage[] {
  if (!isJsonArray(messages) || messages.length === 0) return refuse('messages', 'is missing, or not a list');
  if (messages.length > maximumMessages) {
    throw new EnclosError('INFERENCE_LIMIT_EXCEEDED', `messages has more than ${maximumMessages} members.`, {
      details: { at: 'messages', bound: 'maximumMessages' },
    });
  }
  return Object.freeze(messages.map((message, index) => messageOf(message, `messages[${index}]`)));
}

function messageOf(message: JsonValue, at: string): ChatMessage {
  const members = presentMembers(message, at);
  const path = `${at}.`;
  if (members['role'] === 'tool' || members['role'] === 'function') refuseUnsupported(`${at}.role`, 'is not supported');
  // An assistant's answer comes back as it was given, with empty lists of what it did not use.
  const used = Object.entries(members).filter(([, value]) => !isJsonArray(value) || value.length > 0);
  if (used.some(([name]) => !['role', 'content', 'name'].includes(name))) {
    refuseUnsupported(at, 'has a member that is not supported');
  }
  return Object.freeze({
    role: requiredMember(members, 'role', oneOf(...roles), path),
    texts: textsOf(members['content'], `${at}.content`),
    name: optionalMember(members, 'name', string(maximumNameLength), path),
  });
}

function textsOf(content: JsonValue | undefined, at: string): readonly string[] {
  if (content === undefined) return refuse(at, 'is missing');
  if (typeof content === 'string') return Object.freeze([content]);
  if (!isJsonArray(content) || content.length === 0 || content.length > maximumParts) {
    return refuse(at, `is not a text or a list of 1 to ${maximumParts} parts`);
  }
  return Object.freeze(content.map((part, index) => textOfPart(part, `${at}[${index}]`)));
}

function textOfPart(part: JsonValue, at: string): string {
  const members = presentMembers(part, at);
  if (members['type'] !== 'text') refuseUnsupported(at, 'is not a part of type "text"');
  if (Object.keys(members).some((name) => name !== 'type' && name !== 'text')) {
    refuse(at, 'has a member that is not known');
  }
  const { text } = members;
  return typeof text === 'string' ? text : refuse(`${at}.text`, 'is not a text');
}

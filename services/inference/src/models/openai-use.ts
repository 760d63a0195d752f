/**
 * How OpenAI's chat API uses a model that predicts the next character: its inputs are tokens and a state, its outputs the scores of the
 * next token after each one, and the next state.
 */
export interface ChatUse {
  readonly as: 'chat';
  /** The characters that the model reads and writes; a token is the place of a character. */
  readonly alphabet: string;
  /** Names of its inputs and outputs. */
  readonly tokens: string;
  readonly state: string;
  readonly scores: string;
  readonly nextState: string;
  /** The most tokens of an answer, and of a conversation. */
  readonly maxTokens: number;
  readonly maxPromptTokens: number;
}

/** How OpenAI's API for embeddings uses a model. */
export interface EmbeddingsUse {
  readonly as: 'embeddings';
  /** The input, and the output that has one vector for each row. */
  readonly input: string;
  readonly output: string;
  readonly accepts: 'texts' | 'tokens';
  readonly maxLength: number;
  readonly maxInputs: number;
  readonly dimensions: number;
}

export type OpenAiUse = ChatUse | EmbeddingsUse;

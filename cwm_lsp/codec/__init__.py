"""Pure: traces to model tokens and back, and the control flow that both sides are held to."""

//! Responses items: the raw records of what the model saw and said (format 3.3).
//!
//! Only declares and re-exports.

mod item;
mod kinds;
mod output;

pub use item::{ResponseItem, ResponseLine};
pub use kinds::{
    AudioPart, CompactionCall, ContentPart, ContextCompactionCall, CustomToolCall, CustomToolCallOutput, EncryptedPart,
    FunctionCall, FunctionCallOutput, ImageGenerationCall, ImagePart, LocalShellAction, LocalShellCall,
    ReasoningPartRecord, ResponseAgentMessage, ResponseMessage, ResponseReasoning, TextPart, ToolSearchCall,
    ToolSearchOutput, WebSearchCall,
};
pub use output::ToolOutput;

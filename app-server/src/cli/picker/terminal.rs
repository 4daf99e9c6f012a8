//! The terminal while the picker runs: taken over, drawn on, read from, and given back whatever happens.
//!
//! Knows keys and lines, not what they mean.

use std::io::{self, Write};

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::{cursor, execute, queue, style, terminal};
use tokio::sync::mpsc;

use super::state::Key;
use super::view::Picture;

/// What a terminal reports.
#[derive(Debug)]
pub(super) enum Report {
    Key(Key),
    /// It has another size now.
    Resized,
    /// It cannot be read any more.
    Gone(io::Error),
}

/// A terminal that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct Terminal(());

impl Terminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// If it is none, or cannot be switched.
    pub(super) fn take() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let taken = Self(());
        execute!(
            io::stdout(),
            terminal::EnterAlternateScreen,
            event::EnableBracketedPaste
        )?;
        Ok(taken)
    }

    /// Returns columns and lines.
    ///
    /// # Errors
    /// If the terminal does not tell.
    pub(super) fn size(&self) -> io::Result<(usize, usize)> {
        let (columns, lines) = terminal::size()?;
        Ok((usize::from(columns), usize::from(lines)))
    }

    /// Draws.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub(super) fn draw(&self, picture: &Picture) -> io::Result<()> {
        let mut out = io::stdout().lock();
        queue!(out, cursor::Hide)?;
        for (row, line) in (0_u16..).zip(&picture.lines) {
            queue!(
                out,
                cursor::MoveTo(0, row),
                style::Print(line),
                terminal::Clear(terminal::ClearType::UntilNewLine)
            )?;
        }
        let column = u16::try_from(picture.cursor_column).unwrap_or(u16::MAX);
        queue!(out, cursor::MoveTo(column, 0), cursor::Show)?;
        out.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let restored = execute!(
            io::stdout(),
            event::DisableBracketedPaste,
            terminal::LeaveAlternateScreen,
            cursor::Show
        );
        // Nobody is left who could be told, and the next command of a shell sets its terminal itself.
        let _ = (restored, terminal::disable_raw_mode());
    }
}

/// Reads from the terminal on a thread of its own; it ends with the program.
pub(super) fn reports() -> mpsc::UnboundedReceiver<Report> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        loop {
            let report = match event::read() {
                Ok(event) => match report(event) {
                    Some(report) => report,
                    None => continue,
                },
                Err(error) => Report::Gone(error),
            };
            let is_gone = matches!(report, Report::Gone(_));
            if sender.send(report).is_err() || is_gone {
                return;
            }
        }
    });
    receiver
}

fn report(event: Event) -> Option<Report> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => self::key(key).map(Report::Key),
        Event::Paste(text) => Some(Report::Key(Key::Text(text))),
        Event::Resize(..) => Some(Report::Resized),
        _ => None,
    }
}

fn key(key: KeyEvent) -> Option<Key> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c' | 'd') if is_control => Key::Leave,
        KeyCode::Char('w') if is_control => Key::DeleteWord,
        KeyCode::Char('u') if is_control => Key::DeleteAll,
        KeyCode::Char('a') if is_control => Key::Home,
        KeyCode::Char('e') if is_control => Key::End,
        KeyCode::Char('p') if is_control => Key::Up,
        KeyCode::Char('n') if is_control => Key::Down,
        KeyCode::Char(_) if is_control => return None,
        KeyCode::Char(c) => Key::Text(c.to_string()),
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Tab => Key::Order,
        KeyCode::Enter => Key::Accept,
        KeyCode::Esc => Key::Leave,
        _ => return None,
    })
}

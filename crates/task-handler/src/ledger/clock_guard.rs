//! Whether the wall clock can be believed: windows are computed from it, so a jump of it could make room.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::call::task::ClockJump;
use daemon_kit::{Durability, Store, StoreError};
use rusqlite::{Connection, OptionalExtension, params};

use super::clock::{Clock, Reading};
use super::sql::{self, integer};

/// How far the wall clock may leave the one that only counts on.
const TOLERANCE_MS: u64 = 600_000;

/// Compares the clocks. Clones share what they know.
#[derive(Clone, Debug)]
pub(super) struct ClockGuard {
    store: Store,
    clock: Clock,
    known: Arc<Mutex<Known>>,
}

/// What is known of the clocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Known {
    /// A moment at which both were right.
    anchor: Reading,
    /// The jump that the operator has not confirmed.
    doubted: Option<ClockJump>,
    /// Whether it was seen before the last boot: then no look at the clocks can end it.
    is_carried: bool,
}

impl ClockGuard {
    /// Goes on with what an earlier process knew: a restart confirms nothing.
    pub(super) async fn start(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let (now, boot) = (clock.reading(), clock.boot().to_owned());
        let known = store
            .run(Durability::Synced, move |connection| {
                let known = match read(connection)? {
                    Some((known, of_boot)) if !boot.is_empty() && of_boot == boot => known,
                    Some((known, _)) => known.after_boot(now),
                    None => Known::sure(now),
                };
                write(connection, &boot, known)?;
                Ok(known)
            })
            .await?;
        Ok(Self { store, clock, known: Arc::new(Mutex::new(known)) })
    }

    /// Returns the time that may be believed, or the jump for which nothing may be spent.
    ///
    /// # Errors
    /// A jump that is new cannot be written down.
    pub(super) async fn time_ms(&self) -> Result<Result<u64, ClockJump>, StoreError> {
        let now = self.clock.reading();
        let (before, after) = {
            let mut known = self.lock();
            let before = *known;
            *known = before.at(now);
            (before, *known)
        };
        if before.doubted.is_some() != after.doubted.is_some() {
            match after.doubted {
                Some(jump) => tracing::error!(
                    seconds = jump.by_ms / 1000,
                    "The clock has jumped, nothing is spent until it is set right or `minerctl budget confirm-clock`"
                ),
                None => tracing::info!("The clock is right again, spending goes on"),
            }
            self.keep(after).await?;
        }
        Ok(after.doubted.map_or(Ok(now.unix_ms), Err))
    }

    /// Returns the jump for which nothing is spent.
    pub(super) fn jump(&self) -> Option<ClockJump> {
        self.lock().at(self.clock.reading()).doubted
    }

    /// The operator says that the clock is right.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub(super) async fn confirm(&self) -> Result<(), StoreError> {
        let confirmed = Known::sure(self.clock.reading());
        self.keep(confirmed).await?;
        *self.lock() = confirmed;
        tracing::warn!("The operator has confirmed the clock");
        Ok(())
    }

    async fn keep(&self, known: Known) -> Result<(), StoreError> {
        let boot = self.clock.boot().to_owned();
        self.store.run(Durability::Synced, move |connection| write(connection, &boot, known)).await
    }

    /// What is known is whole after every change.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn sure(anchor: Reading) -> Self {
        Self { anchor, doubted: None, is_carried: false }
    }

    /// What is known after a boot: the steady clock has begun anew, so nothing can be compared, and a doubt stays one.
    fn after_boot(self, now: Reading) -> Self {
        Self { anchor: now, doubted: self.doubted, is_carried: self.doubted.is_some() }
    }

    /// What is known after another look at the clocks. A jump that is taken back is forgotten.
    fn at(self, now: Reading) -> Self {
        let by_ms = self.anchor.drift_ms(now);
        if by_ms.unsigned_abs() > TOLERANCE_MS {
            Self { doubted: Some(ClockJump { by_ms }), ..self }
        } else if self.is_carried {
            self
        } else {
            Self { doubted: None, ..self }
        }
    }
}

impl Reading {
    /// How far the wall clock has left the steady one since, in milliseconds.
    fn drift_ms(self, now: Self) -> i64 {
        let passed = |before: u64, after: u64| i128::from(after) - i128::from(before);
        let drift = passed(self.unix_ms, now.unix_ms) - passed(self.steady_ms, now.steady_ms);
        i64::try_from(drift).unwrap_or(if drift < 0 { i64::MIN } else { i64::MAX })
    }
}

/// Reads what was known, and the boot in which that was.
fn read(connection: &Connection) -> rusqlite::Result<Option<(Known, String)>> {
    connection
        .query_row("SELECT * FROM clock", [], |row| {
            let anchor = Reading { unix_ms: sql::number(row, "unix_ms")?, steady_ms: sql::number(row, "steady_ms")? };
            let doubted = row.get::<_, Option<i64>>("doubted_by_ms")?.map(|by_ms| ClockJump { by_ms });
            Ok((Known { anchor, doubted, is_carried: row.get("is_carried")? }, row.get("boot")?))
        })
        .optional()
}

fn write(connection: &Connection, boot: &str, known: Known) -> rusqlite::Result<()> {
    let Known { anchor, doubted, is_carried } = known;
    connection.execute(
        "INSERT OR REPLACE INTO clock (id, boot, unix_ms, steady_ms, doubted_by_ms, is_carried) \
         VALUES (0, ?1, ?2, ?3, ?4, ?5)",
        params![boot, integer(anchor.unix_ms), integer(anchor.steady_ms), doubted.map(|jump| jump.by_ms), is_carried],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Reading = Reading { unix_ms: 1_795_348_800_000, steady_ms: 5_000 };

    /// Both clocks later, the wall clock `by_ms` further.
    fn later(steady_ms: u64, by_ms: i64) -> Reading {
        let unix_ms = (START.unix_ms + steady_ms).saturating_add_signed(by_ms);
        Reading { unix_ms, steady_ms: START.steady_ms + steady_ms }
    }

    #[test]
    fn p16_ten_minutes_are_believed_and_a_moment_more_is_not() {
        let known = Known::sure(START);

        for by_ms in [0, 600_000, -600_000] {
            assert_eq!(known.at(later(86_400_000, by_ms)).doubted, None, "{by_ms}");
        }
        for by_ms in [600_001, -600_001, i64::from(i32::MAX)] {
            assert_eq!(known.at(later(86_400_000, by_ms)).doubted, Some(ClockJump { by_ms }));
        }
    }

    #[test]
    fn p16_small_steps_add_up() {
        let mut known = Known::sure(START);

        let doubted = (1..=3).map(|step: u32| {
            known = known.at(later(1_000 * u64::from(step), 250_000 * i64::from(step)));
            known.doubted.is_some()
        });

        assert_eq!(doubted.collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn p16_a_jump_that_is_taken_back_is_forgotten_but_not_after_a_boot() {
        let jumped = Known::sure(START).at(later(1_000, 900_000));

        let returned = jumped.at(later(2_000, 0));
        let booted = jumped.after_boot(START).at(later(2_000, 0));

        assert_eq!(returned.doubted, None);
        assert_eq!(booted.doubted, jumped.doubted);
    }
}

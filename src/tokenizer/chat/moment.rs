//! A date and time of day, for templates that write one.

use minijinja::{Error, ErrorKind};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Seconds since 1970-01-01 00:00:00 by the clock on the wall: local time, not UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub i64);

impl Moment {
    /// The moment in the notation of Python's `strftime`, in the C locale.
    ///
    /// # Errors
    /// A directive that is not known here.
    pub(super) fn format(self, format: &str) -> Result<String, Error> {
        let mut out = String::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            match c {
                '%' => out.push_str(&self.directive(chars.next())?),
                _ => out.push(c),
            }
        }
        Ok(out)
    }

    fn directive(self, directive: Option<char>) -> Result<String, Error> {
        let (year, month, day) = self.date();
        let second = self.0.rem_euclid(86_400);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let weekday = WEEKDAYS[(self.days() + 3).rem_euclid(7) as usize];
        let name = MONTHS[month as usize - 1];
        Ok(match directive {
            Some('Y') => year.to_string(),
            Some('y') => format!("{:02}", year.rem_euclid(100)),
            Some('m') => format!("{month:02}"),
            Some('B') => name.to_owned(),
            Some('b' | 'h') => name[..3].to_owned(),
            Some('d') => format!("{day:02}"),
            Some('e') => format!("{day:2}"),
            Some('A') => weekday.to_owned(),
            Some('a') => weekday[..3].to_owned(),
            Some('H') => format!("{hour:02}"),
            Some('I') => format!("{:02}", (hour + 11) % 12 + 1),
            Some('p') => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            Some('M') => format!("{minute:02}"),
            Some('S') => format!("{:02}", second % 60),
            Some('F') => self.format("%Y-%m-%d")?,
            Some('T') => self.format("%H:%M:%S")?,
            Some('%') => "%".to_owned(),
            other => {
                let name = other.map_or(String::new(), String::from);
                let message = format!("strftime_now does not know %{name}");
                return Err(Error::new(ErrorKind::InvalidOperation, message));
            }
        })
    }

    const fn days(self) -> i64 {
        self.0.div_euclid(86_400)
    }

    /// Year, month and day in the Gregorian calendar, counted from 0000-03-01 on, so that the day
    /// that leap years add is the last of a year.
    const fn date(self) -> (i64, i64, i64) {
        let days = self.days() + 719_468;
        let era = days.div_euclid(146_097);
        let day = days.rem_euclid(146_097);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let first = (153 * month + 2) / 5;
        let civil = if month < 10 { month + 3 } else { month - 9 };
        let shift = if civil <= 2 { 1 } else { 0 };
        (era * 400 + year + shift, civil, day - first + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() -> Result<(), Error> {
        let format = |seconds, format| Moment(seconds).format(format);
        assert_eq!(
            format(0, "%A %d %B %Y %T")?,
            "Thursday 01 January 1970 00:00:00"
        );
        assert_eq!(format(1_721_995_509, "%d %b %Y")?, "26 Jul 2024");
        assert_eq!(
            format(1_709_164_800, "%F %a %I:%M %p")?,
            "2024-02-29 Thu 12:00 AM"
        );
        assert_eq!(format(-1, "%F %H")?, "1969-12-31 23");
        assert_eq!(format(951_868_799, "%F %y %e")?, "2000-02-29 00 29");
        assert!(format(0, "%Q").is_err());
        Ok(())
    }
}

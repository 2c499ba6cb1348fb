//! Which class each prompt belongs to: the values of one column, the rare ones together.

use std::collections::HashMap;

use csv::StringRecord;

use super::columns::Columns;
use super::file::TableError;

/// The most classes, as the router has them.
pub(crate) const MAX_CLASSES: usize = 12;

/// Collects the values of the columns that could be the classes'.
#[derive(Debug)]
pub(crate) struct Classing {
    candidates: Vec<Values>,
    rows: usize,
    is_chosen: bool,
}

/// The values of one column.
#[derive(Debug)]
struct Values {
    column: usize,
    heading: String,
    numbers: HashMap<String, usize>,
    names: Vec<String>,
    counts: Vec<usize>,
    of_rows: Vec<usize>,
}

/// The classes of a table.
#[derive(Debug)]
pub(crate) struct Classes {
    /// The column that they are of; none if there is no fit one, and so one class only.
    pub(crate) column: Option<String>,
    /// Their names.
    pub(crate) names: Vec<String>,
    /// Each row's class.
    pub(crate) of_rows: Vec<usize>,
}

impl Classing {
    /// Starts with all columns of the context, or with the one that is asked for.
    pub(crate) fn new(columns: &Columns, asked: Option<&str>) -> Result<Self, TableError> {
        let is_asked = |heading: &str| asked.is_none_or(|asked| asked == heading);
        let fit = columns.context.iter().filter(|(_, heading)| is_asked(heading));
        let candidates: Vec<Values> = fit.map(|(column, heading)| Values::new(*column, heading.clone())).collect();
        match asked {
            Some(asked) if candidates.is_empty() => Err(TableError::NoColumn(asked.to_owned())),
            Some(_) | None => Ok(Self { candidates, rows: 0, is_chosen: asked.is_some() }),
        }
    }

    /// Takes in a row.
    pub(crate) fn note(&mut self, record: &StringRecord) {
        self.rows += 1;
        for values in &mut self.candidates {
            values.note(record.get(values.column).unwrap_or_default().trim());
        }
    }

    /// Chooses the column: the one with the most values of those with few; else the one with the fewest, unless hardly any
    /// value comes twice.
    pub(crate) fn finish(self) -> Classes {
        let rows = self.rows;
        let fits = |values: &Values| self.is_chosen || (values.names.len() > 1 && values.names.len() * 2 <= rows);
        let (few, many): (Vec<_>, Vec<_>) =
            self.candidates.into_iter().filter(fits).partition(|values| values.names.len() <= MAX_CLASSES);
        let few = few.into_iter().max_by_key(|values| values.names.len());
        let chosen = few.or_else(|| many.into_iter().min_by_key(|values| values.names.len()));
        chosen
            .map_or_else(|| Classes { column: None, names: vec!["all".into()], of_rows: vec![0; rows] }, Values::folded)
    }
}

impl Values {
    fn new(column: usize, heading: String) -> Self {
        let (numbers, names, counts, of_rows) = (HashMap::new(), Vec::new(), Vec::new(), Vec::new());
        Self { column, heading, numbers, names, counts, of_rows }
    }

    fn note(&mut self, value: &str) {
        let next = self.names.len();
        let number = match self.numbers.get(value) {
            Some(&number) => number,
            None => {
                self.numbers.insert(value.to_owned(), next);
                self.names.push(value.to_owned());
                self.counts.push(0);
                next
            }
        };
        if let Some(count) = self.counts.get_mut(number) {
            *count += 1;
        }
        self.of_rows.push(number);
    }

    /// Keeps the most frequent values and puts all others into one class.
    fn folded(self) -> Classes {
        if self.names.len() <= MAX_CLASSES {
            return Classes { column: Some(self.heading), names: self.names, of_rows: self.of_rows };
        }
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by_key(|&number| std::cmp::Reverse(self.counts.get(number).copied()));
        let mut class = vec![MAX_CLASSES - 1; self.names.len()];
        let mut names = Vec::with_capacity(MAX_CLASSES);
        for (new, number) in order.into_iter().take(MAX_CLASSES - 1).enumerate() {
            if let (Some(class), Some(name)) = (class.get_mut(number), self.names.get(number)) {
                *class = new;
                names.push(name.clone());
            }
        }
        names.push("other".into());
        let of_rows = self.of_rows.iter().map(|&number| class.get(number).copied().unwrap_or(0)).collect();
        Classes { column: Some(self.heading), names, of_rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(headings: &[&str], rows: &[&[&str]], asked: Option<&str>) -> Result<Classes, TableError> {
        let columns = Columns::new(&StringRecord::from(headings)).unwrap();
        let mut classing = Classing::new(&columns, asked)?;
        rows.iter().for_each(|row| classing.note(&StringRecord::from(*row)));
        Ok(classing.finish())
    }

    #[test]
    fn the_column_with_the_most_values_that_are_few_gives_the_classes() {
        let rows: Vec<Vec<String>> =
            (0..40).map(|n| vec!["same".into(), format!("g{}", n % 3), n.to_string(), "1".into()]).collect();
        let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();

        let classes = classes(&["bench", "group", "id", "a.reward"], &rows, None).unwrap();

        assert_eq!(classes.column.as_deref(), Some("group"));
        assert_eq!(classes.names, ["g0", "g1", "g2"]);
        assert_eq!(classes.of_rows[..4], [0, 1, 2, 0]);
    }

    #[test]
    fn rare_values_share_a_class() {
        let rows: Vec<[String; 2]> = (0..20).flat_map(|n| vec![[format!("t{n}"), "1".into()]; 21 - n]).collect();
        let rows: Vec<[&str; 2]> = rows.iter().map(|[task, reward]| [task.as_str(), reward.as_str()]).collect();
        let rows: Vec<&[&str]> = rows.iter().map(<[&str; 2]>::as_slice).collect();

        let classes = classes(&["task", "a.reward"], &rows, None).unwrap();

        assert_eq!(classes.names.len(), MAX_CLASSES);
        assert_eq!((classes.names[0].as_str(), classes.names[11].as_str()), ("t0", "other"));
        assert_eq!(classes.of_rows.last(), Some(&11));
    }

    #[test]
    fn without_a_fit_column_there_is_one_class() {
        let classes = classes(&["id", "a.reward"], &[&["1", "1"], &["2", "1"]], None).unwrap();

        assert_eq!((classes.column, classes.of_rows), (None, vec![0, 0]));
    }

    #[test]
    fn a_column_that_is_not_there_is_refused() {
        let error = classes(&["id", "a.reward"], &[], Some("topic")).unwrap_err();

        assert_eq!(error.to_string(), "there is no column `topic` to take the classes from");
    }
}

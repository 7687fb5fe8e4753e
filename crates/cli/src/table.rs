//! Columns.

/// Lines of columns as wide as their longest entries, two spaces apart; the last column is as long as it
/// is. Control characters, which names from servers may hold, become spaces.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let clean = |text: &str| text.replace(char::is_control, " ");
    let rows: Vec<Vec<String>> = std::iter::once(head.iter().map(|text| clean(text)).collect())
        .chain(rows.iter().map(|row| row.iter().map(|text| clean(text)).collect()))
        .collect();
    let mut widths = vec![0; head.len()];
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = text.chars().count().max(*width);
        }
    }
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (text, width) in row.iter().zip(&widths) {
            line.push_str(text);
            line.extend(std::iter::repeat_n(' ', width - text.chars().count() + 2));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligned() {
        let rows = [
            vec!["Amélie".to_owned(), "seen\nthere".to_owned()],
            vec!["Up".to_owned(), String::new()],
        ];
        assert_eq!(table(&["TITLE", "WHY"], &rows), "TITLE   WHY\nAmélie  seen there\nUp");
    }
}

//! Tests of reading a table.

use std::io::Write;

use super::*;

const HEADING: &str = "task,prompt,a.reward,a.out_tokens,a.cost_usd,b.reward,b.out_tokens,b.cost_usd";

fn parsed(rows: &str) -> Result<TableFile, TableError> {
    parse(format!("{HEADING}\n{rows}").as_bytes(), &Reading::default())
}

#[test]
fn a_table_is_read_with_its_quoted_prompts() {
    let rows = "x,\"one,\ntwo\",1,5,0.1,0.5,7,0.2\ny,three,0,5,0.1,-0.5,7,0.2\n";
    let reading = Reading { class_column: Some("task".into()), ..Reading::default() };

    let file = parse(format!("{HEADING}\n{rows}").as_bytes(), &reading).unwrap();

    assert_eq!(file.table.arms, ["a", "b"]);
    assert_eq!(file.table.classes, ["x", "y"]);
    assert_eq!(file.table.unit, Unit::Usd);
    assert_eq!(file.table.rows[1].class, 1);
    let outcome = Outcome { reward: 0.5, cost: 0.2, input_tokens: 2.0, output_tokens: 7.0 };
    assert_eq!(file.table.rows[0].outcomes[1], outcome);
}

#[test]
fn a_compressed_table_is_the_same_table() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
    write!(writer, "{HEADING}\nx,p,1,5,0.1,0.5,7,0.2\n").unwrap();
    writer.finish().unwrap();

    let table = read(file.path(), &Reading::default()).unwrap().table;

    assert_eq!(table.rows.len(), 1);
    assert_eq!(table.arms, ["a", "b"]);
}

#[test]
fn what_is_wrong_is_told_with_line_and_column() {
    let good = "x,\"p\nq\",1,5,0.1,0.5,7,0.2\n";
    let cases = [
        ("x,p,NaN,5,0.1,0.5,7,0.2", "line 4, column `a.reward`: NaN is no finite number"),
        ("x,p,1,5,0.1,,7,0.2", "line 4, column `b.reward`: the cell is empty"),
        ("x,p,1,5,-0.1,0.5,7,0.2", "line 4, column `a.cost_usd`: -0.1 is negative"),
        ("x,p,1,many,0.1,0.5,7,0.2", "line 4, column `a.out_tokens`: `many` is no number"),
        ("x,p,1000,5,0.1,0.5,7,0.2", "line 4, column `a.reward`: 1000 is no reward; rewards are about 0 to 1"),
    ];

    for (row, message) in cases {
        assert_eq!(parsed(&format!("{good}{row}\n")).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_row_of_another_length_is_told_with_its_line() {
    let error = anyhow::Error::from(parsed("x,p,1,5,0.1,0.5,7,0.2\nx,p,1\n").unwrap_err());

    assert!(format!("{error:#}").contains("line: 3"), "{error:#}");
}

#[test]
fn rows_that_cannot_be_used_are_left_out_on_demand() {
    let reading = Reading { skip_bad_rows: true, ..Reading::default() };
    let text = format!("{HEADING}\nx,p,NaN,5,0.1,0.5,7,0.2\nx,p,1,5,0.1,0.5,7,0.2\n");

    let file = parse(text.as_bytes(), &reading).unwrap();

    assert_eq!((file.table.rows.len(), file.skipped_rows), (1, 1));
    assert!(file.skipped[0].to_string().starts_with("line 2"), "{:?}", file.skipped);
}

#[test]
fn a_table_without_a_usable_row_is_refused() {
    assert!(matches!(parsed(""), Err(TableError::Empty)));
}

#[test]
fn without_costs_tokens_are_counted_unless_prices_are_given() {
    let text = "task,prompt,prompt_tokens,a.reward,a.out_tokens\nx,p,10,1,5\n";
    let priced = Reading { prices: [("a".to_owned(), (2.0, 4.0))].into(), ..Reading::default() };

    let tokens = parse(text.as_bytes(), &Reading::default()).unwrap().table;
    let dollars = parse(text.as_bytes(), &priced).unwrap().table;

    assert_eq!((tokens.unit, tokens.rows[0].outcomes[0].cost), (Unit::Tokens, 15.0));
    assert_eq!(dollars.unit, Unit::Usd);
    assert!((dollars.rows[0].outcomes[0].cost - 40e-6).abs() < 1e-12);
}

#[test]
fn a_price_of_an_unknown_arm_is_refused() {
    let reading = Reading { prices: [("z".to_owned(), (1.0, 1.0))].into(), ..Reading::default() };

    let error = parse(format!("{HEADING}\n").as_bytes(), &reading).unwrap_err();

    assert_eq!(error.to_string(), "there is no arm `z`");
}

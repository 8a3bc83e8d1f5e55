use std::error::Error;

use plotters::prelude::*;

use super::record::Record;

/// One client, what it got, and the quota.
pub(crate) struct Panel<'a> {
    pub(crate) name: &'a str,
    pub(crate) record: &'a Record,
    pub(crate) quota: &'a dyn Fn(f64) -> f64,
    pub(crate) seconds: f64,
}

/// Width of the means that are drawn, in seconds.
const MEAN: f64 = 0.25;
/// The top of the vertical axis.
const TOP: f64 = 1000.0;

/// Dark, middle and light: they differ in grey, too.
const QUOTA: RGBColor = RGBColor(150, 150, 150);
const ACCEPTED: RGBColor = RGBColor(0, 60, 140);
const THROTTLED: RGBColor = RGBColor(230, 90, 30);

/// Draws accepted and throttled requests a second over time, a panel for each client. The page is
/// white, so that it can be read on a dark one.
pub(crate) fn draw(path: &str, panels: &[Panel<'_>]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (760, 210 * panels.len() as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, panel) in root.split_evenly((panels.len(), 1)).iter().zip(panels) {
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .margin_right(20)
            .caption(panel.name, ("sans-serif", 15))
            .x_label_area_size(36)
            .y_label_area_size(58)
            .build_cartesian_2d(0.0..panel.seconds, 0.0..TOP)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .x_desc("time in s")
            .y_desc("requests per s")
            .x_labels(7)
            .y_labels(5)
            .x_label_formatter(&|time| format!("{time:.0}"))
            .y_label_formatter(&|rate| format!("{rate:.0}"))
            .draw()?;
        let steps = (panel.seconds / MEAN) as u32;
        let times = || (0..steps).map(|step| f64::from(step) * MEAN);
        let mean = |of: fn(&Record, f64) -> u32| {
            times().map(move |time| (time, (f64::from(of(panel.record, time)) / MEAN).min(TOP)))
        };
        let line = |color: RGBColor, width| {
            move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color.stroke_width(width))
        };
        let quota = times().map(|time| (time, (panel.quota)(time)));
        chart
            .draw_series(LineSeries::new(quota, QUOTA.stroke_width(4)))?
            .label("quota")
            .legend(line(QUOTA, 4));
        let accepted = mean(|record, time| record.all(time, time + MEAN).accepted);
        chart
            .draw_series(LineSeries::new(accepted, ACCEPTED.stroke_width(2)))?
            .label("accepted")
            .legend(line(ACCEPTED, 2));
        let throttled = mean(|record, time| record.all(time, time + MEAN).throttled);
        chart
            .draw_series(LineSeries::new(throttled, THROTTLED.stroke_width(1)))?
            .label("throttled")
            .legend(line(THROTTLED, 1));
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperMiddle)
            .background_style(WHITE.mix(0.8))
            .border_style(QUOTA)
            .draw()?;
    }
    root.present()?;
    Ok(())
}

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
/// Above the picture.
const TOP: f64 = 1000.0;

/// Draws accepted and refused requests a second over time, a panel for each client.
pub(crate) fn draw(path: &str, panels: &[Panel<'_>]) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, (760, 170 * panels.len() as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, panel) in root.split_evenly((panels.len(), 1)).iter().zip(panels) {
        let mut chart = ChartBuilder::on(area)
            .margin(6)
            .caption(panel.name, ("sans-serif", 14))
            .x_label_area_size(18)
            .y_label_area_size(38)
            .build_cartesian_2d(0.0..panel.seconds, 0.0..TOP)?;
        chart.configure_mesh().disable_mesh().x_labels(7).y_labels(3).draw()?;
        let steps = (panel.seconds / MEAN) as u32;
        let times = || (0..steps).map(|step| f64::from(step) * MEAN);
        let mean = |of: fn(&Record, f64) -> u32| {
            times().map(move |time| (time, (f64::from(of(panel.record, time)) / MEAN).min(TOP)))
        };
        let quota = times().map(|time| (time, (panel.quota)(time)));
        chart.draw_series(LineSeries::new(quota, BLACK.mix(0.35).stroke_width(2)))?;
        let accepted = mean(|record, time| record.all(time, time + MEAN).accepted);
        chart.draw_series(LineSeries::new(accepted, BLUE.stroke_width(1)))?;
        let refused = mean(|record, time| record.all(time, time + MEAN).refused);
        chart.draw_series(LineSeries::new(refused, RED.stroke_width(1)))?;
    }
    root.present()?;
    Ok(())
}

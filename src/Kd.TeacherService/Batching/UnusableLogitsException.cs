using Kd.Vision.Views;

namespace Kd.TeacherService.Batching;

/// <summary>Thrown when the network's logits of a view cannot be served or stored.</summary>
/// <param name="view">The view.</param>
/// <param name="column">Class of the first logit that is not a finite number.</param>
/// <param name="logit">That logit, as float16.</param>
internal sealed class UnusableLogitsException(ViewId view, int column, Half logit)
    : Exception(
        $"The teacher's logit of class {column} for view {view} is {logit}; logits are served and stored as float16, from -65504 to 65504. Nothing was stored. "
            + "Check the weights file and Teacher:Architecture, use Teacher:Precision=Float32, or scale the last layer's weights down."
    );

namespace PlantedCircle.First;

/// <summary>Uses the next folder of a circle of three.</summary>
public class Start
{
    public Second.Middle? Next { get; set; }
}
